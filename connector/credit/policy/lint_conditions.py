"""What can be wrong with the conditions of an admin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from connector.credit.policy.conditions import BARE, MAX_COMPARISONS, ConditionDoc, WhenDoc
from connector.domain.metrics import AFTER_GRADE, METRICS, Metric, Unit

_TOO_LATE = {metric.name for metric in AFTER_GRADE}
_DIGITS: dict[Unit, int] = {"ratio": 6, "number": 6, "days": 4, "money": 4, "count": 0}
"""Decimals that a metric of the unit can have."""


def find_condition_problems(conditions: Sequence[ConditionDoc]) -> Iterator[str]:
    """Every problem as one sentence: where, what, and what to do."""
    codes = [condition.code for condition in conditions]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield f"conditions.{code} stands there twice: give each condition its own code."
    for condition in conditions:
        where = f"conditions.{condition.code}"
        yield from _node_problems(where, condition.when)
        number = sum(1 for _ in condition.when.comparisons())
        if number > MAX_COMPARISONS:
            yield (
                f"{where}: {number} comparisons are more than {MAX_COMPARISONS}: "
                "split the condition."
            )
        yield from _doubles(where, condition)


def _node_problems(where: str, node: WhenDoc) -> Iterator[str]:
    told = [name for name in ("all", "any", "metric") if getattr(node, name) is not None]
    if len(told) != 1:
        yield f"{where}: a part needs exactly one of all, any and metric: correct it."
        return
    if node.metric is None:
        if node.operator is not None or node.value is not None:
            yield f"{where}: {told[0]} takes no operator and no value: remove them."
        for part in node.parts:
            yield from _node_problems(where, part)
        return
    yield from _comparison_problems(where, node)


def _comparison_problems(where: str, node: WhenDoc) -> Iterator[str]:
    metric = METRICS.get(node.metric or "")
    if metric is None:
        yield f"{where}: the metric {node.metric} is not known: look it up in the list of metrics."
        return
    if metric.name in _TOO_LATE:
        yield f"{where}: {metric.name} rests on the grade, which comes after: choose another."
    elif node.operator is None:
        yield f"{where}: {metric.name} is compared by no operator: add one."
    elif node.operator in BARE:
        if node.value is not None:
            yield f"{where}: {node.operator} takes no value: remove it."
    elif node.value is None:
        yield f"{where}: {metric.name} is compared with nothing: add a value."
    elif (metric.unit == "date") != isinstance(node.value, date):
        wanted = "a date" if metric.unit == "date" else "a number"
        yield f"{where}: {metric.name} is compared with {node.value}: give {wanted}."
    elif isinstance(node.value, Decimal):
        yield from _figure_problems(where, metric, node.value)


def _figure_problems(where: str, metric: Metric, value: Decimal) -> Iterator[str]:
    """A figure that the metric can never have, and a share that is meant as a percentage."""
    digits = _DIGITS[metric.unit]
    if not abs(value) < _most(metric.unit):
        yield f"{where}: {metric.name} never reaches {value}: give a smaller figure."
    elif value != round(value, digits):
        yield f"{where}: {metric.name} has at most {digits} decimals, not {value}: round it."
    elif metric.unit == "ratio" and abs(value) > PERCENT:
        yield (
            f"{where}: {metric.name} is a fraction, and {value} would be {value * 100:f} %: "
            "give 0.25 for 25 %."
        )


PERCENT = 10
"""Beyond this a share was surely meant in per cent."""


def _most(unit: Unit) -> Decimal:
    """What a column of the unit can hold."""
    return Decimal(10) ** (8 if unit in ("ratio", "number") else 14)


def _doubles(where: str, condition: ConditionDoc) -> Iterator[str]:
    seen: set[tuple[object, ...]] = set()
    for node in condition.when.comparisons():
        key = (node.metric, node.operator, node.value)
        if node.metric and key in seen:
            yield f"{where}: {node.metric} is compared twice in the same way: keep one of them."
        seen.add(key)
