"""Turns a parsed formula into typed functions; types that do not fit are errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.formula.functions import FUNCTIONS, LETTERS, Function
from adapters.salesforce.emulator.formula.kinds import (
    BOOLEAN,
    MULTI,
    NOTHING,
    NUMBER,
    PICKLIST,
    TEXT,
    Moment,
    Typed,
    kind_of,
    to_row,
)
from adapters.salesforce.emulator.formula.operators import calculate, compare, join_texts
from adapters.salesforce.emulator.formula.parse import (
    Call,
    Chain,
    FormulaError,
    Literal,
    Node,
    Path,
    Prefix,
    parse_formula,
)
from adapters.salesforce.emulator.formula.paths import PathFinder
from adapters.salesforce.emulator.formula.special import SPECIAL, check_count, combine_logic
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec

DEPTH_MAX = 60
_CONSTANTS = {"TRUE": (BOOLEAN, True), "FALSE": (BOOLEAN, False), "NULL": (NOTHING, None)}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A formula ready to run, and the fields it reads as (object, field) in lower case."""

    result: Typed
    uses: frozenset[tuple[str, str]]


def compile_field(org: Org, spec: ObjectSpec, item: FieldSpec) -> Compiled:
    """Compile the formula of a field; raises FormulaError."""
    compiler = _Compiler(PathFinder(org, spec, item.zero_for_blank), for_rule=False)
    result = compiler.compile(parse_formula(item.formula))
    expected = kind_of(item)
    if result.kind in {PICKLIST, MULTI}:
        raise _picklist(item.formula)
    if result.kind not in {expected, NOTHING}:
        raise FormulaError(
            f"Formula result is data type ({result.kind}), incompatible with expected data type "
            f"({expected})."
        )
    return Compiled(result, frozenset(compiler.paths.uses))


def compile_rule(org: Org, spec: ObjectSpec, formula: str) -> Compiled:
    """Compile the condition of a validation rule; raises FormulaError."""
    compiler = _Compiler(PathFinder(org, spec), for_rule=True)
    result = compiler.compile(parse_formula(formula))
    if result.kind != BOOLEAN:
        raise FormulaError(
            f"Formula result is data type ({result.kind}), incompatible with expected data type "
            "(true or false)."
        )
    return Compiled(result, frozenset(compiler.paths.uses))


def reader_of(item: FieldSpec, compiled: Compiled) -> Callable[[Row], Any]:
    """Return the function that gives a formula field's value for a row."""
    evaluate = compiled.result.evaluate

    def compute(row: Row) -> Any:
        try:
            return to_row(item, evaluate(Moment(row)))
        except (ArithmeticError, ValueError):
            return None  # real orgs show #Error! and give null

    return compute


class _Compiler:
    """Compiles one formula."""

    def __init__(self, paths: PathFinder, *, for_rule: bool) -> None:
        self.paths = paths
        self.for_rule = for_rule
        self.depth = 0

    def compile(self, node: Node) -> Typed:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise FormulaError("The formula is too complex: it nests too deeply.")
        try:
            return self._compile(node)
        finally:
            self.depth -= 1

    def _compile(self, node: Node) -> Typed:
        if isinstance(node, Literal):
            value = node.value
            return Typed(NUMBER if isinstance(value, Decimal) else TEXT, lambda moment: value)
        if isinstance(node, Path):
            return self._path(node.text)
        if isinstance(node, Prefix):
            return self._prefix(node)
        if isinstance(node, Chain):
            return self._chain(node)
        special = SPECIAL.get(node.name)
        if special is not None:
            return special(self, node)
        function = FUNCTIONS.get(node.name)
        if function is None:
            raise FormulaError(f"Unknown function {node.name}. Check spelling.")
        return self._function(node, function)

    def value(self, node: Node) -> Typed:
        """Compile a part that must not be a picklist."""
        found = self.compile(node)
        if found.kind in {PICKLIST, MULTI}:
            raise _picklist(node.text if isinstance(node, Path) else "")
        return found

    def of_kind(self, call: Call, node: Node, kind: str) -> Typed:
        """Compile an argument that must have a type."""
        found = self.compile(node)
        if found.kind not in {kind, NOTHING}:
            if found.kind in {PICKLIST, MULTI}:
                raise _picklist(node.text if isinstance(node, Path) else "")
            raise FormulaError(
                f"Incorrect parameter type for function '{call.name}()'. Expected {kind}, "
                f"received {found.kind}"
            )
        return found

    def _path(self, text: str) -> Typed:
        constant = _CONSTANTS.get(text.upper())
        if constant is None:
            return self.paths.find(text)
        kind, value = constant
        return Typed(kind, lambda moment: value)

    def _prefix(self, node: Prefix) -> Typed:
        part = self.value(node.part)
        read = part.evaluate
        if node.operator == "!":
            if part.kind != BOOLEAN:
                raise FormulaError("Incorrect parameter type for operator '!'. Expected Boolean")
            return Typed(BOOLEAN, lambda moment: not read(moment))
        zero = Typed(NUMBER, lambda moment: Decimal(0))
        return calculate(node.operator, zero, part)

    def _chain(self, node: Chain) -> Typed:
        sign = node.operators[0]
        parts = [self.value(part) for part in node.parts]
        if sign in {"||", "&&"}:
            return combine_logic(Call("OR" if sign == "||" else "AND", node.parts), parts)
        if sign == "&":
            return Typed(TEXT, join_texts(parts))
        result = parts[0]
        for operator, part in zip(node.operators, parts[1:], strict=True):
            if operator in {"+", "-", "*", "/", "^"}:
                result = calculate(operator, result, part)
            else:
                result = Typed(BOOLEAN, compare(operator, result, part))
        return result

    def _function(self, call: Call, function: Function) -> Typed:
        letters = _fit(call, function.signature)
        reads = [
            self.value(node).evaluate
            if letter == "A" and call.name != "TEXT"
            else self.compile(node).evaluate
            if letter == "A"
            else self._argument(call, node, letter).evaluate
            for node, letter in zip(call.arguments, letters, strict=True)
        ]
        work, blanks = function.work, function.takes_blanks

        def evaluate(moment: Moment) -> Any:
            values = [read(moment) for read in reads]
            if not blanks and any(value is None for value in values):
                return None
            return work(*values)

        return Typed(function.gives, evaluate)

    def _argument(self, call: Call, node: Node, letter: str) -> Typed:
        if letter not in {"P", "S"}:
            return self.of_kind(call, node, LETTERS[letter])
        found = self.compile(node)
        if found.kind != LETTERS[letter]:
            text = node.text if isinstance(node, Path) else call.name
            raise FormulaError(f"Field {text} is not a picklist field")
        return found


def _fit(call: Call, signature: str) -> str:
    """Return one letter for each argument given."""
    must, _, may = signature.partition("?")
    given = len(call.arguments)
    if must.endswith("*"):
        check_count(call, 1, None)
        return must[0] * given
    check_count(call, len(must), len(must) + len(may))
    return (must + may)[:given]


def _picklist(text: str) -> FormulaError:
    return FormulaError(
        f"Field {text} is a picklist field. Picklist fields are only supported in certain "
        "functions."
    )
