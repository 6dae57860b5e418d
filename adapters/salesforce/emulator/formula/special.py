"""Functions that do more than take values: choices, blanks, clocks, changes of a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.formula.kinds import (
    BOOLEAN,
    DATE,
    DATETIME,
    NOTHING,
    PICKLIST,
    TEXT,
    Moment,
    Typed,
    from_row,
    kind_of,
)
from adapters.salesforce.emulator.formula.parse import Call, FormulaError, Node
from adapters.salesforce.emulator.formula.paths import PathFinder


class Compiler(Protocol):
    """What a special function needs to compile its arguments."""

    paths: PathFinder
    for_rule: bool

    def compile(self, node: Node) -> Typed:
        """Compile any part."""

    def value(self, node: Node) -> Typed:
        """Compile a part that must not be a picklist."""

    def of_kind(self, call: Call, node: Node, kind: str) -> Typed:
        """Compile an argument that must have a type."""


def _if(compiler: Compiler, call: Call) -> Typed:
    check_count(call, 3, 3)
    test = compiler.of_kind(call, call.arguments[0], BOOLEAN).evaluate
    yes, no = (compiler.value(node) for node in call.arguments[1:])
    kind = _same_kind(call, [yes, no])
    one, two = yes.evaluate, no.evaluate
    return Typed(kind, lambda moment: one(moment) if test(moment) else two(moment))


def _logic(compiler: Compiler, call: Call) -> Typed:
    check_count(call, 1, None)
    return combine_logic(call, [compiler.value(node) for node in call.arguments])


def combine_logic(call: Call, parts: list[Typed]) -> Typed:
    """Return AND or OR of the parts; blank is false, and evaluation stops at the first answer."""
    for part in parts:
        if part.kind not in {BOOLEAN, NOTHING}:
            raise FormulaError(
                f"Incorrect parameter type for function '{call.name}()'. Expected Boolean, "
                f"received {part.kind}"
            )
    reads = [part.evaluate for part in parts]
    combine = all if call.name == "AND" else any
    return Typed(BOOLEAN, lambda moment: combine(bool(read(moment)) for read in reads))


def _not(compiler: Compiler, call: Call) -> Typed:
    check_count(call, 1, 1)
    read = compiler.of_kind(call, call.arguments[0], BOOLEAN).evaluate
    return Typed(BOOLEAN, lambda moment: not read(moment))


def _is_blank(compiler: Compiler, call: Call) -> Typed:
    check_count(call, 1, 1)
    part = compiler.compile(call.arguments[0])
    read = part.evaluate
    return Typed(BOOLEAN, lambda moment: read(moment) in (None, ""))


def _blank_value(compiler: Compiler, call: Call) -> Typed:
    check_count(call, 2, 2)
    parts = [compiler.value(node) for node in call.arguments]
    one, two = (part.evaluate for part in parts)

    def evaluate(moment: Moment) -> Any:
        value = one(moment)
        return two(moment) if value in (None, "") else value

    return Typed(_same_kind(call, parts), evaluate)


def _case(compiler: Compiler, call: Call) -> Typed:
    check_count(call, 4, None)
    if len(call.arguments) % 2:
        raise FormulaError("Incorrect number of parameters for function 'CASE()'.")
    subject = compiler.compile(call.arguments[0])
    pairs = call.arguments[1:-1]
    values = [compiler.value(node) for node in pairs[::2]]
    results = [compiler.value(node) for node in (*pairs[1::2], call.arguments[-1])]
    wanted = TEXT if subject.kind == PICKLIST else subject.kind
    for part in values:
        if part.kind not in {wanted, NOTHING}:
            raise FormulaError(
                f"Incorrect parameter type for function 'CASE()'. Expected {wanted}, received "
                f"{part.kind}"
            )
    kind = _same_kind(call, results)
    read = subject.evaluate
    choices = [(v.evaluate, r.evaluate) for v, r in zip(values, results[:-1], strict=True)]
    other = results[-1].evaluate

    def evaluate(moment: Moment) -> Any:
        value = read(moment) or None
        for choice, result in choices:
            if (choice(moment) or None) == value:
                return result(moment)
        return other(moment)

    return Typed(kind, evaluate)


def _today(compiler: Compiler, call: Call) -> Typed:
    check_count(call, 0, 0)
    org = compiler.paths.org

    def evaluate(moment: Moment) -> Any:
        name = (org.records.get("User", org.viewer) or {}).get("TimeZoneSidKey") or "GMT"
        zone = ZoneInfo("UTC" if name == "GMT" else str(name))
        return org.clock.now().astimezone(zone).date()

    return Typed(DATE, evaluate)


def _now(compiler: Compiler, call: Call) -> Typed:
    check_count(call, 0, 0)
    org = compiler.paths.org
    return Typed(DATETIME, lambda moment: org.clock.now())


def _prior_value(compiler: Compiler, call: Call) -> Typed:
    item = _own_field(compiler, call)

    def evaluate(moment: Moment) -> Any:
        row = moment.row if moment.old is None else moment.old
        return from_row(item, row.get(item.name))

    return Typed(kind_of(item), evaluate)


def _is_changed(compiler: Compiler, call: Call) -> Typed:
    name = _own_field(compiler, call).name

    def evaluate(moment: Moment) -> bool:
        return moment.old is not None and moment.old.get(name) != moment.row.get(name)

    return Typed(BOOLEAN, evaluate)


def _is_new(compiler: Compiler, call: Call) -> Typed:
    check_count(call, 0, 0)
    _only_in_rules(compiler, call)
    return Typed(BOOLEAN, lambda moment: moment.old is None)


def _own_field(compiler: Compiler, call: Call) -> FieldSpec:
    check_count(call, 1, 1)
    _only_in_rules(compiler, call)
    found = compiler.compile(call.arguments[0])
    if found.item is None:
        raise FormulaError(f"Incorrect parameter for function '{call.name}()'. Expected a field")
    return found.item


def _only_in_rules(compiler: Compiler, call: Call) -> None:
    if not compiler.for_rule:
        raise FormulaError(f"The function {call.name} is not available in this context")


def _same_kind(call: Call, parts: list[Typed]) -> str:
    kinds = {part.kind for part in parts} - {NOTHING}
    if len(kinds) > 1:
        expected = next(part.kind for part in parts if part.kind != NOTHING)
        received = next(kind for kind in sorted(kinds) if kind != expected)
        raise FormulaError(
            f"Incorrect parameter type for function '{call.name}()'. Expected {expected}, "
            f"received {received}"
        )
    return kinds.pop() if kinds else NOTHING


def check_count(call: Call, low: int, high: int | None) -> None:
    """Refuse a call with too few or too many arguments."""
    given = len(call.arguments)
    if given < low or (high is not None and given > high):
        expected = low if given < low else high
        raise FormulaError(
            f"Incorrect number of parameters for function '{call.name}()'. Expected {expected}, "
            f"received {given}"
        )


SPECIAL: dict[str, Callable[[Compiler, Call], Typed]] = {
    "IF": _if,
    "AND": _logic,
    "OR": _logic,
    "NOT": _not,
    "ISBLANK": _is_blank,
    "ISNULL": _is_blank,
    "BLANKVALUE": _blank_value,
    "NULLVALUE": _blank_value,
    "CASE": _case,
    "TODAY": _today,
    "NOW": _now,
    "PRIORVALUE": _prior_value,
    "ISCHANGED": _is_changed,
    "ISNEW": _is_new,
}
