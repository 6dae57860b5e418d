"""The one place that turns Salesforce's answers into our errors.

Single rows of a write are judged in `outcomes`, refused sign-ins in `signin`; both read the
vendor's texts through this module.

Codes and their meaning: Salesforce's REST API Developer Guide ("Status Codes and Error
Responses") and the SOAP API's ExceptionCode and StatusCode enumerations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal
from xml.sax.saxutils import unescape

from adapters.salesforce.transport import Answer, ExchangeError
from connector.errors import (
    BudgetError,
    CreditflagError,
    RefusedError,
    SignInError,
    TransientError,
    UnknownOutcomeError,
    UnreachableError,
)

CallKind = Literal["login", "describe", "limits", "read", "write", "poll", "read_back", "heartbeat"]

BUDGET_PAUSE = 900.0  # the daily limit is a rolling window; Salesforce names no time to wait
RETRY_AFTER_MAX = 3600.0
_DETAIL_MAX = 300
_CONDITION_FAILED = 412


@dataclass(frozen=True, slots=True)
class Call:
    """What a call is for: its class, the object or resource it touches, and the host.

    `repeatable` marks a call of a write that changes no record, or the same one when sent twice,
    such as a step in setting up a bulk job: it is repeated like a read.
    """

    kind: CallKind
    subject: str
    host: str = ""
    repeatable: bool = False

    @property
    def writes(self) -> bool:
        """Whether the call may change records, so that a lost answer leaves the outcome open."""
        return self.kind == "write" and not self.repeatable

    @property
    def where(self) -> str:
        """Object and host, for a person."""
        return ", ".join(part for part in (self.subject, self.host) if part)


@dataclass(frozen=True, slots=True)
class Fault:
    """The first error of an answer: Salesforce's code, text and fields; `soap` when it came as
    a SOAP fault, whose HTTP status is always 500 and says nothing."""

    code: str = ""
    detail: str = ""
    fields: tuple[str, ...] = ()
    soap: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    error: Literal["refused", "transient", "sign_in", "budget"]
    message: str
    next_step: str


_SIGN_IN_AGAIN = _Rule(
    "sign_in",
    "Salesforce did not accept a fresh session: {detail}",
    "Check the integration user's login IP ranges and the session settings of its profile.",
)
_NO_API = _Rule(
    "refused",
    "The org does not allow API access: {detail}",
    "Ask the Salesforce admin for an edition or add-on with API access.",
)
_NO_ACCESS = _Rule(
    "refused",
    "The integration user may not do this: {detail}",
    "Give its permission set the right on the object, its fields and its records.",
)
_BUSY = _Rule(
    "transient",
    "Salesforce is busy: {detail}",
    "Nothing was changed; it is tried again.",
)
_HIDDEN_FIELD = _Rule(
    "refused",
    "Salesforce knows no field {field} on {object}, or hides it from the integration user.",
    "Correct the mapping, or give the permission set read access to the field "
    "(field-level security).",
)
_HIDDEN_OBJECT = _Rule(
    "refused",
    "Salesforce knows no object {object}, or hides it from the integration user.",
    "Correct the mapping, or give the permission set access to the object.",
)
_MALFORMED = _Rule(
    "refused",
    "Salesforce could not read the query: {detail}",
    "Check the filter and the field paths in the mapping.",
)
_VERSION = _Rule(
    "refused",
    "The org does not serve this API version: {detail}",
    "Set api_version of the connection to one that `doctor` lists.",
)
_OUR_FAULT = _Rule(
    "refused",
    "Salesforce refused the call: {detail}",
    "Check the mapping against the org with `mapping check`; if it agrees, report this text.",
)
_TOO_LARGE = _Rule(
    "refused",
    "The query is longer than Salesforce's web addresses may be.",
    "Map fewer fields of this object or shorten the filter.",
)
_FULL = _Rule(
    "refused",
    "The org's data storage is full: {detail}",
    "Ask the Salesforce admin to free storage.",
)
_LOCKED = _Rule(
    "refused",
    "The org is locked or its trial is over: {detail}",
    "Ask the Salesforce admin.",
)
_ELSEWHERE = _Rule(
    "refused",
    "The host sends us to another address: {detail}",
    "Set url of the connection to the org's My Domain address, as Setup shows it.",
)
_DAILY = _Rule(
    "budget",
    "The org's API calls for the last 24 hours are used up: {detail}",
    "Go on in 15 minutes or later; what is done stays done.",
)
_LOCATOR = _Rule(
    "transient",
    "Salesforce gave up the query while it was being read.",
    "It is read again from the start.",
)

_RULES: dict[str, _Rule] = {
    "INVALID_SESSION_ID": _SIGN_IN_AGAIN,
    "INVALID_AUTH_HEADER": _SIGN_IN_AGAIN,
    "API_DISABLED_FOR_ORG": _NO_API,
    "API_CURRENTLY_DISABLED": _NO_API,
    "REQUEST_LIMIT_EXCEEDED": _DAILY,
    "TXN_SECURITY_METERING_ERROR": _NO_ACCESS,
    "INSUFFICIENT_ACCESS": _NO_ACCESS,
    "INSUFFICIENT_ACCESS_OR_READONLY": _NO_ACCESS,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _NO_ACCESS,
    "FUNCTIONALITY_NOT_ENABLED": _NO_ACCESS,
    "UNABLE_TO_LOCK_ROW": _BUSY,
    "SERVER_UNAVAILABLE": _BUSY,
    "QUERY_TIMEOUT": _BUSY,
    "REQUEST_RUNNING_TOO_LONG": _BUSY,
    "EXCEEDED_QUOTA": _BUSY,
    "UNKNOWN_EXCEPTION": _BUSY,
    "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": _BUSY,
    "INVALID_QUERY_LOCATOR": _LOCATOR,
    "INVALID_FIELD": _HIDDEN_FIELD,
    "INVALID_TYPE": _HIDDEN_OBJECT,
    "MALFORMED_QUERY": _MALFORMED,
    "INVALID_QUERY_FILTER_OPERATOR": _MALFORMED,
    "QUERY_TOO_COMPLICATED": _MALFORMED,
    "UNSUPPORTED_API_VERSION": _VERSION,
    "STORAGE_LIMIT_EXCEEDED": _FULL,
    "ORG_LOCKED": _LOCKED,
    "TRIAL_EXPIRED": _LOCKED,
    "URI_TOO_LONG": _TOO_LARGE,
}
_BY_STATUS: dict[int, _Rule] = {
    401: _SIGN_IN_AGAIN,
    403: _NO_ACCESS,
    406: _BUSY,
    410: _VERSION,
    414: _TOO_LARGE,
    420: _BUSY,
    429: _BUSY,
    431: _TOO_LARGE,
}
# Codes by which Salesforce says that a write of the whole call was rolled back or never begun.
_PROVES_NOT_APPLIED = frozenset(
    {"SERVER_UNAVAILABLE", "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"}
)
# A refused query is repeated before the reason; a long one would push the reason out of sight.
_ECHO = re.compile(r"\A.*ERROR at Row:\d+:Column:\d+\s*", re.DOTALL)
_NO_COLUMN = re.compile(r"No such column '([^']+)' on (?:entity|sobject of type) '?(\w+)")
_FAULT_CODE = re.compile(rb"<faultcode>(?:\w+:)?(\w+)</faultcode>")
_FAULT_TEXT = re.compile(rb"<faultstring>([^<]*)</faultstring>")
_NO_TYPE = re.compile(r"sObject type '([^']+)' is not supported")


def read_fault(answer: Answer) -> Fault:
    """The first error in an answer's body, be it a list, an object, a page of HTML or nothing."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return _read_soap_fault(answer.body)
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return Fault()
    code = first.get("errorCode") or first.get("error") or first.get("exceptionCode") or ""
    detail = first.get("message") or first.get("error_description") or ""
    fields = first.get("fields")
    names = tuple(map(str, fields)) if isinstance(fields, list) else ()
    return Fault(str(code), shorten(_ECHO.sub("", str(detail))), names)


def _read_soap_fault(body: bytes) -> Fault:
    """The fault of a SOAP answer; found by its tags, because it may stand in any XML."""
    code = _FAULT_CODE.search(body)
    if code is None:
        return Fault()
    text = _FAULT_TEXT.search(body)
    name = code[1].decode("ascii")
    detail = unescape(text[1].decode("utf-8", "replace")) if text else ""
    return Fault(name, shorten(detail.removeprefix(f"{name}: ")), soap=True)


def translate_answer(answer: Answer, call: Call) -> CreditflagError:
    """The error for an answer that is no success."""
    fault = read_fault(answer)
    if call.writes and _leaves_open(answer.status, fault.code):
        return _unknown_outcome(call, f"HTTP {answer.status}")
    rule = _find_rule(answer.status, fault)
    detail = fault.detail or f"HTTP {answer.status}"
    params: dict[str, object] = {"detail": detail, **_name_culprit(fault, call)}
    where = call.where
    if rule.error == "sign_in":
        return SignInError(rule.message, where=where, next_step=rule.next_step, **params)
    if rule.error == "budget":
        return BudgetError(
            rule.message, resume_after=BUDGET_PAUSE, where=where, next_step=rule.next_step, **params
        )
    code = fault.code or f"HTTP_{answer.status}"
    if answer.status == _CONDITION_FAILED:
        code = f"HTTP_{answer.status}"  # told apart by the status; a body may come with it or not
    if rule.error == "refused":
        by_row = call.writes and answer.status == 400 and rule in (_OUR_FAULT, _MALFORMED)
        return RefusedError(
            rule.message, code=code, by_row=by_row, where=where, next_step=rule.next_step, **params
        )
    return TransientError(
        rule.message,
        code=code,
        retry_after=read_retry_after(answer.headers),
        where=where,
        next_step=rule.next_step,
        **params,
    )


def translate_exchange(error: ExchangeError, call: Call) -> CreditflagError:
    """The error for a call that got no complete answer."""
    if not error.sent:
        return UnreachableError(
            "Salesforce cannot be reached: {reason}",
            where=call.where,
            next_step="Check url of the connection and this machine's network.",
            reason=error.reason,
        )
    if call.writes:
        return _unknown_outcome(call, error.reason)
    return TransientError(
        "Salesforce gave no complete answer: {reason}",
        where=call.where,
        next_step="Nothing was changed; it is tried again.",
        reason=error.reason,
    )


def translate_nonsense(call: Call, reason: str) -> CreditflagError:
    """The error for a success whose body is not what the API promises (HTML, cut JSON)."""
    return translate_exchange(ExchangeError(reason, sent=True), call)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the server wants us to wait; None when it says nothing sound.

    A date counts from the answer's own Date, because our clock may differ from theirs.
    """
    text = (headers.get("Retry-After") or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            asked = parsedate_to_datetime(text)
            seconds = (asked - parsedate_to_datetime(headers.get("Date") or "")).total_seconds()
        except (ValueError, TypeError):
            return None
    return seconds if 0 <= seconds <= RETRY_AFTER_MAX else None


def shorten(text: str) -> str:
    """A vendor's text on one line, short enough for a sentence."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _DETAIL_MAX else flat[: _DETAIL_MAX - 1] + "…"


def _find_rule(status: int, fault: Fault) -> _Rule:
    rule = _RULES.get(fault.code)
    if fault.code == "REQUEST_LIMIT_EXCEEDED" and "concurrent" in fault.detail.lower():
        return _BUSY
    if fault.code == "INVALID_FIELD" and not _NO_COLUMN.search(fault.detail):
        return _MALFORMED
    if rule is not None:
        return rule
    if fault.soap:
        return _OUR_FAULT
    if 300 <= status < 400:
        return _ELSEWHERE
    return _BY_STATUS.get(status, _BUSY if status >= 500 else _OUR_FAULT)


def _leaves_open(status: int, code: str) -> bool:
    """Whether a write may have been applied although its answer is an error."""
    if code in _PROVES_NOT_APPLIED:
        return False
    return status >= 500 or status in (406, 420)


def _unknown_outcome(call: Call, reason: str) -> UnknownOutcomeError:
    return UnknownOutcomeError(
        "A write was sent to Salesforce and its answer was lost: {reason}",
        where=call.where,
        next_step="The records are read back before anything is sent again.",
        reason=reason,
    )


def _name_culprit(fault: Fault, call: Call) -> dict[str, object]:
    if column := _NO_COLUMN.search(fault.detail):
        return {"field": column[1], "object": column[2]}
    if kind := _NO_TYPE.search(fault.detail):
        return {"object": kind[1]}
    return {"object": call.subject}
