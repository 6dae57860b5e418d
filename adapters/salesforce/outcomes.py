"""What became of each row of a write, from Salesforce's per-record results.

Sources: REST API Developer Guide, "sObject Collections": results come in the order of the
records, and an error carries `statusCode`, `message` and `fields`. Bulk API 2.0 Developer Guide,
"Get Job Failed Record Results": `sf__Error` reads `CODE:message:fields --`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from adapters.salesforce.errors import shorten
from adapters.salesforce.ids import to_long_id
from connector.ports.crm import RowOutcome

State = Literal["rejected", "retry", "gone"]

_NAMES = re.compile(r"[\w.]+")

# Codes that are not listed are lasting: a code nobody knows must never cause a loop.
_STATES: dict[str, State] = {
    "ENTITY_IS_DELETED": "gone",
    "NOT_FOUND": "gone",
    "UNABLE_TO_LOCK_ROW": "retry",
    "ENTITY_IS_LOCKED": "retry",
    "SERVER_UNAVAILABLE": "retry",
    "UNKNOWN_EXCEPTION": "retry",
    "QUERY_TIMEOUT": "retry",
    "REQUEST_RUNNING_TOO_LONG": "retry",
    "TOO_MANY_APEX_REQUESTS": "retry",
    "COLLISION_DETECTED": "retry",
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": "retry",
    "PROCESSING_HALTED": "retry",
}
# The customer's own automation failed; passing when it ran out of something or met a lock.
_AUTOMATION = frozenset(
    {
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        "APEX_ERROR",
        "FLOW_EXCEPTION",
    }
)
_PASSING_WORDS = ("cpu time", "too many soql queries", "unable_to_lock_row", "exclusive access")
_NEXT_STEPS = {
    "INVALID_FIELD_FOR_INSERT_UPDATE": "Give the integration user edit access to the field "
    "(field-level security).",
    "INSUFFICIENT_ACCESS_OR_READONLY": "Give the integration user edit access to the record.",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "Give the integration user access to the "
    "record it refers to.",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "Add the value to the picklist in Setup, or map "
    "it to one that is there.",
    "STRING_TOO_LONG": "Make the field longer in Setup.",
    "NUMBER_OUTSIDE_VALID_RANGE": "Give the field more digits in Setup.",
    "INACTIVE_OWNER_OR_USER": "Name another owner; this user is not active.",
    "TRANSFER_REQUIRES_READ": "Name another owner; this one may not read the record.",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "Exempt the integration user from the org's validation "
    "rule, or meet it.",
    "DUPLICATES_DETECTED": "Exempt the integration user from the org's duplicate rule.",
}


def read_outcome(result: Mapping[str, Any], record_id: str = "") -> RowOutcome:
    """The outcome in one result; `record_id` is the record that was meant, if known.

    KeyError or ValueError when the result is not built as it should be.
    """
    given = str(result.get("id") or "")
    found = to_long_id(given) if given else record_id
    if result["success"] is True:
        return RowOutcome("ok", record_id=found)
    errors = result["errors"]
    if not isinstance(errors, list) or not errors:
        raise ValueError("a failed row names no error")
    first = errors[0]
    code = str(first.get("statusCode") or first.get("errorCode") or "")
    fields = tuple(map(str, first.get("fields") or ()))
    return _tell_failure(code, str(first.get("message") or code), fields, found)


def read_job_error(text: str, record_id: str = "") -> RowOutcome:
    """The outcome in the `sf__Error` of a bulk job's failed row."""
    code, _, rest = text.partition(":")
    message, _, tail = rest.rpartition(":")
    fields = tuple(name for name in _NAMES.findall(tail.removesuffix("--")) if name)
    return _tell_failure(code.strip(), message or rest or code, fields, record_id)


def mark_together(outcomes: Sequence[RowOutcome]) -> list[RowOutcome]:
    """Mark refusals by the customer's automation that more than one row got in the same words.

    An Apex error that nobody caught fails every row of its transaction, whichever caused it.
    """
    said = Counter((o.code, o.message) for o in outcomes if _is_automation(o))
    return [
        replace(o, together=True) if _is_automation(o) and said[o.code, o.message] > 1 else o
        for o in outcomes
    ]


def _is_automation(outcome: RowOutcome) -> bool:
    return outcome.state == "rejected" and outcome.code in _AUTOMATION


def _tell_failure(code: str, detail: str, fields: tuple[str, ...], record_id: str) -> RowOutcome:
    message = shorten(detail)
    state = judge_row(code, message, fields)
    if state == "gone" and not record_id:
        state = "rejected"  # a record that is not there yet cannot be gone
    return RowOutcome(
        state,
        record_id=record_id,
        code=code,
        message=" ".join(part for part in (message, _NEXT_STEPS.get(code, "")) if part),
        fields=fields,
    )


def judge_row(code: str, message: str, fields: tuple[str, ...]) -> State:
    """Lasting, passing or gone, by the error's code, text and fields."""
    if code in _AUTOMATION:
        text = message.lower()
        return "retry" if any(words in text for words in _PASSING_WORDS) else "rejected"
    if code == "INVALID_CROSS_REFERENCE_KEY":
        # Without another field it is the record itself that cannot be found.
        return "gone" if fields in ((), ("Id",)) else "rejected"
    return _STATES.get(code, "rejected")
