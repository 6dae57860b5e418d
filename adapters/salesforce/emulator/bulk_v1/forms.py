"""Reads job bodies and writes answers in the two forms of this API, JSON and XML."""

from __future__ import annotations

import json
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

from adapters.emulatorkit.wire import Call
from adapters.salesforce.emulator.bulk_v1.batch_jobs import AsyncError
from adapters.salesforce.emulator.context import Answer
from adapters.salesforce.emulator.setup.soap import local, parse_xml

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"


def speaks_json(call: Call) -> bool:
    """Say whether a call about a job is in JSON; the answer then is, too."""
    return "json" in call.headers.get("content-type", "").lower()


def read_job_body(call: Call) -> dict[str, Any]:
    """Return the members of a jobInfo; raises AsyncError InvalidJob."""
    try:
        if speaks_json(call):
            body = json.loads(call.body)
            if isinstance(body, dict):
                return body
            raise ValueError("not an object")
        return {local(part): part.text or "" for part in parse_xml(call.body)}
    except (ValueError, RecursionError, ParseError):
        raise AsyncError("InvalidJob", "The body is no jobInfo in JSON or XML") from None


def write_info(root: str, info: dict[str, Any], *, as_json: bool, status: int = 200) -> Answer:
    """Answer with a jobInfo, a batchInfo or an error."""
    if as_json:
        return Answer(status, info)
    return _xml(status, root, _members(info))


def write_list(root: str, part: str, infos: list[Any], *, as_json: bool) -> Answer:
    """Answer with a list of batches or of result ids."""
    if as_json:
        return Answer(200, infos if part == "result" else {part: infos})
    texts = [
        f"<{part}>{_members(info) if isinstance(info, dict) else escape(str(info))}</{part}>"
        for info in infos
    ]
    return _xml(200, root, "".join(texts))


def _members(info: dict[str, Any]) -> str:
    return "".join(f"<{name}>{escape(_text(value))}</{name}>" for name, value in info.items())


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _xml(status: int, root: str, inner: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="{NAMESPACE}">{inner}</{root}>'
    headers = {"content-type": "application/xml"}
    return Answer(status, headers=headers, content=text.encode())
