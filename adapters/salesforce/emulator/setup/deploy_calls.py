"""The REST resource `metadata/deployRequest`: start, poll and cancel a deployment."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.message import Message
from typing import Any

from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.errors import ApiError, bad_json, missing_resource, wrong_method
from adapters.salesforce.emulator.setup.deploy_book import Deployment, DeployOptions
from adapters.salesforce.emulator.setup.deploy_results import show_result
from adapters.salesforce.emulator.setup.deployment import (
    cancel_deployment,
    poll_deployment,
    start_deployment,
)
from adapters.salesforce.emulator.setup.metadata_calls import find_deployment, new_job_id
from adapters.salesforce.emulator.setup.problems import SetupError
from adapters.salesforce.emulator.setup.rights import may_change_setup

_FLAGS = {
    "checkOnly": "check_only",
    "rollbackOnError": "rollback_on_error",
    "singlePackage": "single_package",
    "ignoreWarnings": "ignore_warnings",
    "purgeOnDelete": "purge_on_delete",
    "allowMissingFiles": "allow_missing_files",
}
_UNUSED = {"performRetrieve", "autoUpdatePackage", "runTests"}


def serve_deploy_request(request: Request, rest: list[str]) -> Answer:
    """`/metadata/deployRequest[/<id>]`."""
    if not may_change_setup(request.org, request.user_id):
        text = "You need the Modify Metadata or Modify All Data permission to use this resource"
        raise ApiError(403, "INSUFFICIENT_ACCESS", text)
    if not rest:
        if request.method != "POST":
            raise wrong_method(request.method)
        return _start(request)
    try:
        deployment = find_deployment(request.org, rest[0])
    except SetupError:
        raise missing_resource() from None
    if request.method == "GET":
        poll_deployment(request.org, deployment)
    elif request.method == "PATCH":
        wish = request.json_object().get("deployResult")
        if not isinstance(wish, dict) or wish.get("status") != "Canceling":
            raise bad_json('send {"deployResult": {"status": "Canceling"}}')
        cancel_deployment(request.org, deployment, request.user_id)
    else:
        raise wrong_method(request.method)
    with_details = request.query.get("includeDetails", "").lower() == "true"
    status = 202 if request.method == "PATCH" else 200
    return Answer(status, _body(request, deployment, with_details=with_details))


def _start(request: Request) -> Answer:
    wish, content = _read_parts(request)
    given = wish.get("deployOptions", {})
    if not isinstance(given, dict):
        raise bad_json("deployOptions must be an object")
    unknown = set(given) - set(_FLAGS) - _UNUSED - {"testLevel"}
    if unknown:
        raise bad_json(f"Unrecognized field {sorted(unknown)[0]}")
    if not all(isinstance(given.get(name, False), bool) for name in _FLAGS):
        raise bad_json("the deploy options are true or false")
    flags = {attribute: given[name] for name, attribute in _FLAGS.items() if name in given}
    level = str(given.get("testLevel") or "")
    options = DeployOptions(**{"rollback_on_error": False, **flags}, test_level=level)
    deploy_id = new_job_id(request.org, "0Af")
    deployment = start_deployment(request.org, request.user_id, options, content, deploy_id)
    return Answer(201, _body(request, deployment, with_details=False))


def _body(request: Request, deployment: Deployment, *, with_details: bool) -> dict[str, Any]:
    options = deployment.options
    return {
        "id": deployment.deploy_id,
        "validatedDeployRequestId": None,
        "deployOptions": {name: getattr(options, key) for name, key in _FLAGS.items()}
        | {"testLevel": options.test_level or None},
        "deployResult": show_result(request.org, deployment, with_details=with_details),
    }


def _read_parts(request: Request) -> tuple[dict[str, Any], bytes]:
    """Return the JSON part and the zip of a multipart body."""
    kind = request.call.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        text = "The request must be multipart/form-data with the parts json and file"
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", text)
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace")
    message = message_from_bytes(head + request.call.body)
    parts = {_name(part): part for part in message.walk() if not part.is_multipart()}
    wish, zipped = parts.get("json"), parts.get("file")
    if wish is None or zipped is None:
        raise bad_json("the request needs the parts json and file")
    try:
        value = json.loads(_content(wish))
    except (ValueError, RecursionError):
        raise bad_json("the part json is not well formed JSON") from None
    if not isinstance(value, dict):
        raise bad_json("the part json must be an object")
    return value, _content(zipped)


def _name(part: Message) -> str:
    return str(part.get_param("name", "", "content-disposition"))


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
