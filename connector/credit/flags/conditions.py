"""Conditions that an admin put together (policy section `conditions`), raised like any flag.

Finds: parties that fulfil the condition; an unknown figure fulfils no comparison but `is_unknown`.
Value: the first figure that is compared.
Steps: none; a condition has one severity.
Quiet when: the condition does not hold, or the net exposure lies below its floor.
Way back: none is worked out; the text names the figures that have to change.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import MONEY, day, decimal_text, exact, exact_money, no_text
from connector.credit.flags.finding import FINDING_COLUMNS
from connector.credit.policy.conditions import ConditionDoc, Operator, WhenDoc
from connector.domain.metrics import METRICS, Unit
from connector.domain.texts import Language, say

_SIGNS: dict[Operator, str] = {
    "above": ">", "at_least": "≥", "below": "<", "at_most": "≤", "equals": "=",
}  # fmt: skip
KNOWN, UNKNOWN = "“{label}” is known", "“{label}” is unknown"
AND, OR = "{one} and {other}", "{one} or {other}"


def find_condition(t: ir.Table, condition: ConditionDoc) -> ir.Table:
    """Rows of the parties that fulfil the condition, in the form in which every flag answers."""
    first = next(condition.when.comparisons())
    bound = ibis.literal(_plain(first.value)) if first.value is not None else no_text()
    amount = t.net_exposure.cast(MONEY)
    material = (amount >= exact_money(condition.floor)) | ibis.literal(condition.floor == 0)
    return t.filter(fulfils(t, condition.when), material).select(
        "party_id", "selling_company", code=ibis.literal(condition.flag),
        severity=ibis.literal(condition.severity, type="int64"),
        value=_value_text(t, first.metric or ""), threshold=bound, amount=amount,
        params=ibis.literal(params_of(condition)),
    ).select(*FINDING_COLUMNS)  # fmt: skip


def params_of(condition: ConditionDoc) -> str:
    """What fills the texts about it, as a JSON object: all of it stands in the policy."""
    names = dict.fromkeys(part.metric or "" for part in condition.when.comparisons())
    params = {
        "label_en": condition.label_en, "label_zh": condition.label_zh,
        "figures_en": written(condition.when, "en"), "figures_zh": written(condition.when, "zh"),
        "metrics": ";".join(names), "owner": condition.owner,
    }  # fmt: skip
    return json.dumps(params, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fulfils(t: ir.Table, when: WhenDoc) -> Any:
    """Whether a party fulfils it; never unknown."""
    if when.parts:
        found = [fulfils(t, part) for part in when.parts]
        together = found[0]
        for other in found[1:]:
            together = together & other if when.all else together | other
        return together
    value = t[when.metric or ""]
    if when.operator in ("is_known", "is_unknown"):
        return value.notnull() if when.operator == "is_known" else value.isnull()
    bound = _bound(when.value, METRICS[when.metric or ""].unit)
    return ibis.coalesce(_compared(value, when.operator, bound), False)


def _compared(value: Any, operator: Operator | None, bound: Any) -> Any:
    if operator == "above":
        return value > bound
    if operator == "at_least":
        return value >= bound
    if operator == "below":
        return value < bound
    if operator == "at_most":
        return value <= bound
    return value == bound


def _bound(value: Decimal | date | None, unit: Unit) -> Any:
    if isinstance(value, date):
        return day(value)
    fine = unit in ("ratio", "number")
    return exact(value or Decimal(0)) if fine else exact_money(value or Decimal(0))


def _value_text(t: ir.Table, name: str) -> Any:
    value = t[name]
    return decimal_text(value) if value.type().is_decimal() else value.cast("string")


def _plain(value: Decimal | date) -> str:
    return value.isoformat() if isinstance(value, date) else format(value.normalize(), "f")


def written(when: WhenDoc, language: Language, *, inside: bool = False) -> str:
    """The condition in words and signs: Open items ≥ 5 and (Overdue > 1,000 or …)."""
    if not when.parts:
        return _comparison(when, language)
    parts = [written(part, language, inside=True) for part in when.parts]
    text = parts[0]
    for other in parts[1:]:
        text = say(AND if when.all else OR, language, one=text, other=other)
    if inside and len(parts) > 1:
        return f"（{text}）" if language == "zh" else f"({text})"
    return text


def _comparison(when: WhenDoc, language: Language) -> str:
    metric = METRICS[when.metric or ""]
    label = say(metric.label, language)
    if when.operator == "is_known":
        return say(KNOWN, language, label=label)
    if when.operator == "is_unknown":
        return say(UNKNOWN, language, label=label)
    sign = _SIGNS[when.operator or "equals"]
    return f"{label} {sign} {_shown(when.value, metric.unit, language)}"


def _shown(value: Decimal | date | None, unit: Unit, language: Language) -> str:
    """A bound for people: 25 %, 30 days, 200,000."""
    if isinstance(value, date):
        return value.isoformat()
    number = value or Decimal(0)
    if unit == "ratio":
        share = f"{(number * 100).normalize():f}"
        return share + ("%" if language == "zh" else " %")
    text = f"{number.normalize():,f}"
    return f"{text} {say('days', language)}" if unit == "days" else text
