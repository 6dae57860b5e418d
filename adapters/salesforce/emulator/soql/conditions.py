"""Compiles WHERE and HAVING into one function from a row to true or false."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Protocol

from lark import Token

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.fields import TEXTUAL, FieldSpec
from adapters.salesforce.emulator.soql.columns import Reader
from adapters.salesforce.emulator.soql.literals import LiteralReader, Span, like_pattern, unquote
from adapters.salesforce.emulator.soql.parse import SoqlError
from adapters.salesforce.emulator.soql.tree import (
    Chain,
    Comparison,
    Condition,
    Membership,
    Negation,
    Operand,
    Plain,
    Query,
    SetTest,
)

Test = Callable[[Row], bool]
SEMI_JOINS_MAX = 2
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class ConditionContext(Protocol):
    """What a condition needs from the query around it."""

    @property
    def literals(self) -> LiteralReader:
        """The reader of literals."""

    def operand(self, operand: Operand) -> tuple[FieldSpec, Reader]:
        """Return type and reader of an operand."""

    def semi_join(self, query: Query) -> set[Any]:
        """Return the values of a sub-query with one column."""


def compile_condition(context: ConditionContext, condition: Condition) -> Test:
    """Return the test for a condition; raises SoqlError."""
    if isinstance(condition, Chain):
        return _compile_chain(context, condition)
    if isinstance(condition, Negation):
        inner = compile_condition(context, condition.part)
        return lambda row: not inner(row)
    spec, read = context.operand(condition.operand)
    if not spec.is_filterable:
        raise SoqlError(
            "INVALID_FIELD",
            f"field '{spec.name}' can not be filtered in a query call",
            first_token(condition.operand),
        )
    if isinstance(condition, Membership):
        return _compile_membership(context, condition, spec, read)
    if isinstance(condition, SetTest):
        return _compile_set_test(condition, spec, read)
    return _compile_comparison(context, condition, spec, read)


def count_semi_joins(condition: Condition) -> int:
    """Count the sub-queries of a condition."""
    if isinstance(condition, Chain):
        return sum(count_semi_joins(part) for part in condition.parts)
    if isinstance(condition, Negation):
        return count_semi_joins(condition.part)
    return int(isinstance(condition, Membership) and isinstance(condition.values, Query))


def first_token(operand: Operand) -> Token:
    """Return where an operand begins, for the caret."""
    return operand.path if isinstance(operand, Plain) else operand.name


def folds_case(spec: FieldSpec) -> bool:
    """Say whether texts of this field compare without regard to case."""
    return spec.type in TEXTUAL and not (spec.unique and spec.case_sensitive)


def _compile_chain(context: ConditionContext, chain: Chain) -> Test:
    if not chain.every and any(count_semi_joins(part) for part in chain.parts):
        raise SoqlError("MALFORMED_QUERY", "Semi join sub-selects are not allowed with OR")
    tests = [compile_condition(context, part) for part in chain.parts]
    if len(tests) == 2:
        one, two = tests
        if chain.every:
            return lambda row: one(row) and two(row)
        return lambda row: one(row) or two(row)
    combine = all if chain.every else any
    return lambda row: combine(test(row) for test in tests)


def _compile_comparison(
    context: ConditionContext, condition: Comparison, spec: FieldSpec, read: Reader
) -> Test:
    if condition.operator == "LIKE":
        return _compile_like(condition, spec, read)
    value = context.literals.read(spec, condition.value)
    if isinstance(value, Span):
        return _compile_span(condition.operator, value, read)
    if value is not None and folds_case(spec):
        read, value = _folded(read), value.lower()
    if condition.operator == "=":
        return lambda row: read(row) == value
    if condition.operator == "!=":
        return lambda row: read(row) != value
    if value is None:
        message = f"{condition.operator} operator cannot be used with null"
        raise SoqlError("MALFORMED_QUERY", message, condition.value)
    if spec.type == "boolean":
        message = f"invalid operator {condition.operator} on boolean field"
        raise SoqlError("INVALID_FIELD", message, first_token(condition.operand))
    holds = _ORDERED[condition.operator]

    def test(row: Row) -> bool:
        found = read(row)
        return found is not None and holds(found, value)

    return test


def _compile_span(operator_text: str, span: Span, read: Reader) -> Test:
    start, end = span.start, span.end
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda found: start <= found < end,
        "!=": lambda found: not start <= found < end,
        "<": lambda found: found < start,
        "<=": lambda found: found < end,
        ">": lambda found: found >= end,
        ">=": lambda found: found >= start,
    }
    holds = tests[operator_text]
    if_null = operator_text == "!="

    def test(row: Row) -> bool:
        found = read(row)
        return if_null if found is None else holds(found)

    return test


def _compile_like(condition: Comparison, spec: FieldSpec, read: Reader) -> Test:
    if condition.value.type != "STRING" or spec.type not in TEXTUAL:
        message = f"invalid operator on {spec.type} field"
        raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", message, first_token(condition.operand))
    match = like_pattern(condition.value).fullmatch

    def test(row: Row) -> bool:
        found = read(row)
        return found is not None and match(found) is not None

    return test


def _compile_membership(
    context: ConditionContext, condition: Membership, spec: FieldSpec, read: Reader
) -> Test:
    negated = condition.negated
    if isinstance(condition.values, Query):
        joined = context.semi_join(condition.values)
        if spec.type not in {"id", "reference"}:
            message = "The left operand of a semi join must be an id or a reference"
            raise SoqlError("MALFORMED_QUERY", message, first_token(condition.operand))
        if negated:
            return lambda row: read(row) is not None and read(row) not in joined
        return lambda row: read(row) in joined
    values = [context.literals.read(spec, token) for token in condition.values]
    spans = [value for value in values if isinstance(value, Span)]
    if spans:
        tests = [_compile_span("=", span, read) for span in spans]
        return lambda row: any(test(row) for test in tests) is not negated
    wanted = set(values)
    if folds_case(spec):
        wanted = {value.lower() if value else None for value in values}
        read = _folded(read)
    if negated:
        return lambda row: read(row) not in wanted
    return lambda row: read(row) in wanted


def _compile_set_test(condition: SetTest, spec: FieldSpec, read: Reader) -> Test:
    if spec.type != "multipicklist":
        raise SoqlError(
            "INVALID_QUERY_FILTER_OPERATOR",
            f"INCLUDES and EXCLUDES need a multi-select picklist, {spec.name} is none",
            first_token(condition.operand),
        )
    choices = [set(unquote(token).lower().split(";")) for token in condition.values]
    negated = condition.negated

    def test(row: Row) -> bool:
        found = set((read(row) or "").lower().split(";"))
        return any(choice <= found for choice in choices) is not negated

    return test


def _folded(read: Reader) -> Reader:
    def folded(row: Row) -> Any:
        value = read(row)
        return None if value is None else value.lower()

    return folded
