"""Answers `/services/Soap/u` (sign-in) and `/services/Soap/m` (Metadata API)."""

from __future__ import annotations

import re

from adapters.emulatorkit.wire import Call
from adapters.salesforce.emulator.context import Answer
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.login_calls import answer_login_call, user_of_session
from adapters.salesforce.emulator.setup.metadata_calls import FREE_CALLS, answer_metadata_call
from adapters.salesforce.emulator.setup.rights import may_change_setup
from adapters.salesforce.emulator.setup.soap import (
    METADATA,
    PARTNER,
    Envelope,
    SoapFaultError,
    read_envelope,
    write_answer,
    write_fault,
)

SOAP_PATH = re.compile(r"/services/Soap/([um])/(\d+\.\d)(?:/.*)?\Z", re.IGNORECASE)
_NO_RIGHTS = (
    "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"
)


def serve_soap(org: Org, call: Call, face: str, version: str) -> Answer:
    """Answer a SOAP call; every error is a fault with HTTP 500."""
    namespace = PARTNER if face.lower() == "u" else METADATA
    try:
        if call.method != "POST":
            raise SoapFaultError("UNKNOWN_EXCEPTION", "SOAP calls are sent with POST")
        _check_version(org, version)
        envelope = read_envelope(call.body)
        with org.records.transaction():
            result = _result(org, call, namespace, envelope, version)
    except SoapFaultError as error:
        return _xml(500, write_fault(namespace, error))
    return _xml(200, write_answer(namespace, envelope.operation, result))


def _result(org: Org, call: Call, namespace: str, envelope: Envelope, version: str) -> object:
    if namespace == PARTNER:
        return answer_login_call(org, call, envelope, version)
    user_id = user_of_session(org, envelope)
    if not may_change_setup(org, user_id):
        raise SoapFaultError("INSUFFICIENT_ACCESS", _NO_RIGHTS)
    if envelope.operation not in FREE_CALLS and not org.spend_call():
        raise SoapFaultError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    return answer_metadata_call(org, user_id, envelope, version)


def _check_version(org: Org, version: str) -> None:
    low, high = org.settings.first_version, org.settings.last_version
    if not low <= float(version) <= high or not version.endswith(".0"):
        text = f"Invalid Api version specified on URL: {version}"
        raise SoapFaultError("UNSUPPORTED_API_VERSION", text)


def _xml(status: int, content: bytes) -> Answer:
    return Answer(status, headers={"content-type": "text/xml;charset=UTF-8"}, content=content)
