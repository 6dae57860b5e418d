"""One deployment of a zip: sent, waited for, and read.

Source: Metadata API Developer Guide, "Deploying Metadata with REST" (deployRequest) and
"DeployResult". Polls do not count against the org's API calls.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from adapters.salesforce.errors import Call, shorten, translate_nonsense
from adapters.salesforce.session import SalesforceSession
from connector.errors import TransientError
from connector.ports.setup import Tell

WAIT_MAX = 3600.0  # seconds; a deployment may wait for others of the org
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same zip for the same app
_OPTIONS = {
    "allowMissingFiles": False,
    "autoUpdatePackage": False,
    "checkOnly": False,
    "ignoreWarnings": False,
    "performRetrieve": False,
    "purgeOnDelete": False,
    "rollbackOnError": True,
    "singlePackage": True,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one component was refused, in the vendor's words."""

    kind: str
    name: str
    problem: str


@dataclass(frozen=True, slots=True)
class DeployReport:
    """How a deployment ended; `detail` is its own error when no component has one."""

    deploy_id: str
    success: bool
    failures: tuple[Failure, ...] = ()
    detail: str = ""


def zip_files(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files by path, the same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[path])
    return buffer.getvalue()


def deploy(session: SalesforceSession, files: Mapping[str, bytes], tell: Tell) -> DeployReport:
    """Deploy a package (its files by path, manifest included), all or nothing.

    Raises TransientError when Salesforce does not come to an end, UnknownOutcomeError when it is
    not known whether the deployment was begun; both may be repeated after a new plan.
    """
    boundary = uuid4().hex
    call = session.name_call("write", "deployRequest")
    started = session.ask(
        "POST",
        "metadata/deployRequest",
        call,
        body=_multipart(boundary, zip_files(files)),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    deploy_id = started.get("id") if isinstance(started, dict) else None
    if not isinstance(deploy_id, str) or not deploy_id.isalnum():
        raise translate_nonsense(call, "the answer names no deployment")
    return _read(_wait(session, deploy_id, tell), deploy_id)


def _multipart(boundary: str, content: bytes) -> bytes:
    def part(name: str, kind: str, body: bytes, more: str = "") -> bytes:
        head = (
            f'Content-Disposition: form-data; name="{name}"{more}\r\nContent-Type: {kind}\r\n\r\n'
        )
        return f"--{boundary}\r\n{head}".encode() + body + b"\r\n"

    options = json.dumps({"deployOptions": _OPTIONS}).encode()
    return (
        part("json", "application/json", options)
        + part("file", "application/zip", content, '; filename="app.zip"')
        + f"--{boundary}--\r\n".encode()
    )


def _wait(session: SalesforceSession, deploy_id: str, tell: Tell) -> Mapping[str, Any]:
    call = session.name_call("describe", "deployRequest")
    ends, pause = session.clock.monotonic() + WAIT_MAX, _FIRST_WAIT
    while True:
        body = session.ask("GET", f"metadata/deployRequest/{deploy_id}?includeDetails=true", call)
        result = body.get("deployResult") if isinstance(body, dict) else None
        if not isinstance(result, dict):
            raise translate_nonsense(call, "the answer holds no deployResult")
        tell(_count(result, "numberComponentsDeployed"), _count(result, "numberComponentsTotal"))
        if result.get("done"):
            return result
        if session.clock.monotonic() > ends:
            raise _still_waiting(call, deploy_id)
        session.clock.sleep(pause)
        pause = min(pause * 2, _LONGEST_WAIT)


def _count(result: Mapping[str, Any], name: str) -> int:
    return int(result.get(name) or 0)


def _still_waiting(call: Call, deploy_id: str) -> TransientError:
    return TransientError(
        "The deployment {id} has not ended within {minutes} minutes.",
        where=call.where,
        next_step="Look at Setup → Deployment Status; when it has ended, plan again.",
        id=deploy_id,
        minutes=int(WAIT_MAX // 60),
    )


def _read(result: Mapping[str, Any], deploy_id: str) -> DeployReport:
    details = result.get("details")
    listed = details.get("componentFailures") if isinstance(details, dict) else None
    rows = [listed] if isinstance(listed, dict) else listed or []
    failures = tuple(
        Failure(
            str(row.get("componentType") or ""),
            str(row.get("fullName") or row.get("fileName") or ""),
            _tell_problem(row),
        )
        for row in rows
    )
    detail = shorten(str(result.get("errorMessage") or result.get("status") or ""))
    return DeployReport(deploy_id, bool(result.get("success")), failures, detail)


def _tell_problem(row: Mapping[str, Any]) -> str:
    problem = shorten(str(row.get("problem") or ""))
    line = row.get("lineNumber")
    return f"{problem} ({row.get('fileName')}, line {line})" if line else problem
