"""`/composite` and `/composite/batch`: several calls in one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.errors import ApiError, bad_json, wrong_method

SUBREQUESTS_MAX = 25
HEAVY_MAX = 5
Dispatch = Callable[[Request], Answer]
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")
_REFERENCE_ID = re.compile(r"[A-Za-z0-9_]+\Z")
_HEAVY = re.compile(r"/(query|queryAll|composite/sobjects)(/|\?|$)", re.IGNORECASE)
_ROLLED_BACK = (
    "The transaction was rolled back since another operation in the same transaction failed."
)


class _FailedPartError(Exception):
    """A sub-request of an all-or-none composite failed."""


def serve_composite(request: Request, dispatch: Dispatch) -> Answer:
    """`POST /composite`: up to 25 calls that may refer to each other's answers."""
    if request.method != "POST":
        raise wrong_method(request.method)
    body = request.json_object()
    parts = _read_parts(body.get("compositeRequest"), "compositeRequest")
    _check_parts(parts)
    all_or_none = body.get("allOrNone") is True
    answers: dict[str, Answer] = {}
    failed = ""
    try:
        with request.org.records.transaction():
            for part in parts:
                answer = _run_part(request, dispatch, part, answers)
                answers[part["referenceId"]] = answer
                if all_or_none and answer.status >= 400:
                    failed = part["referenceId"]
                    raise _FailedPartError
    except _FailedPartError:
        halted = Answer(400, ApiError(400, "PROCESSING_HALTED", _ROLLED_BACK).body())
        answers = {
            part["referenceId"]: answers[failed] if part["referenceId"] == failed else halted
            for part in parts
        }
    return Answer(
        200,
        {
            "compositeResponse": [
                {
                    "body": answers[part["referenceId"]].body,
                    "httpHeaders": _header_names(answers[part["referenceId"]].headers),
                    "httpStatusCode": answers[part["referenceId"]].status,
                    "referenceId": part["referenceId"],
                }
                for part in parts
            ]
        },
    )


def serve_batch(request: Request, dispatch: Dispatch) -> Answer:
    """`POST /composite/batch`: up to 25 independent calls, each of which counts."""
    if request.method != "POST":
        raise wrong_method(request.method)
    body = request.json_object()
    parts = _read_parts(body.get("batchRequests"), "batchRequests")
    halt = body.get("haltOnError") is True
    results: list[dict[str, Any]] = []
    has_errors = False
    for index, part in enumerate(parts):
        if halt and has_errors:
            error = ApiError(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request")
            results.append({"statusCode": 412, "result": error.body()})
            continue
        # The call that carries the batch is counted by the server; the others here.
        if index and not request.org.spend_call():
            limit = ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            answer = Answer(403, limit.body())
        else:
            url = "/services/data/" + str(part.get("url", "")).lstrip("/")
            payload = part.get("richInput")
            answer = _call(request, dispatch, str(part.get("method", "GET")), url, payload)
        has_errors = has_errors or answer.status >= 400
        results.append({"statusCode": answer.status, "result": answer.body})
    return Answer(200, {"hasErrors": has_errors, "results": results})


def _read_parts(value: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise bad_json(f"{name} must be a list of objects")
    if len(value) > SUBREQUESTS_MAX:
        message = f"Limit exceeded: {len(value)} sub-requests, at most {SUBREQUESTS_MAX}"
        raise ApiError(400, "LIMIT_EXCEEDED", message)
    return value


def _check_parts(parts: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for part in parts:
        reference = part.get("referenceId")
        if not isinstance(reference, str) or not _REFERENCE_ID.match(reference):
            raise bad_json("Each sub-request needs a referenceId of letters, digits, underscores")
        if reference in seen:
            raise bad_json(f"Duplicate referenceId: {reference}")
        seen.add(reference)
    heavy = sum(1 for part in parts if _HEAVY.search(str(part.get("url", ""))))
    if heavy > HEAVY_MAX:
        message = f"Limit exceeded: {heavy} query and collection sub-requests, at most {HEAVY_MAX}"
        raise ApiError(400, "LIMIT_EXCEEDED", message)


def _run_part(
    request: Request, dispatch: Dispatch, part: dict[str, Any], answers: dict[str, Answer]
) -> Answer:
    try:
        url = _resolve(str(part.get("url", "")), answers)
        body = _resolve_body(part.get("body"), answers)
    except ApiError as error:
        return Answer(error.status, error.body())
    return _call(request, dispatch, str(part.get("method", "GET")), url, body)


def _call(request: Request, dispatch: Dispatch, method: str, url: str, body: Any) -> Answer:
    split = urlsplit(url)
    query = dict(parse_qsl(split.query, keep_blank_values=True))
    payload = b"" if body is None else json.dumps(body, default=float).encode()
    inner = request.within(method.upper(), unquote(split.path), query, payload)
    try:
        return dispatch(inner)
    except ApiError as error:
        return Answer(error.status, error.body())


def _resolve(text: str, answers: dict[str, Answer]) -> str:
    return _REFERENCE.sub(lambda match: str(_look_up(match, answers)), text)


def _resolve_body(value: Any, answers: dict[str, Answer]) -> Any:
    if isinstance(value, dict):
        return {key: _resolve_body(item, answers) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolve_body(item, answers) for item in value]
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        return _look_up(whole, answers) if whole else _resolve(value, answers)
    return value


def _look_up(match: re.Match[str], answers: dict[str, Answer]) -> Any:
    reference, path = match.group(1), match.group(2)
    answer = answers.get(reference)
    if answer is None or answer.status >= 400:
        raise _halted(f"Invalid reference specified. No value for {reference} found")
    value = answer.body
    for step in _STEP.finditer(path):
        name, index = step.group(1), step.group(2)
        if name is not None and isinstance(value, dict) and name in value:
            value = value[name]
        elif index is not None and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            message = f"Invalid reference specified. No value for {reference}{path} found"
            raise _halted(f"{message} in {reference}")
    return value


def _halted(message: str) -> ApiError:
    return ApiError(400, "PROCESSING_HALTED", message)


def _header_names(headers: dict[str, str]) -> dict[str, str]:
    return {name.title(): value for name, value in headers.items()}
