"""Parses a formula into a small tree; what cannot be read is a FormulaError."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

# Salesforce Help, "Formula Size Limits": characters of a formula as it is typed.
FORMULA_MAX = 3900
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


class FormulaError(Exception):
    """A formula is wrong; the text is what the person who saves it reads."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a text."""

    value: Decimal | str


@dataclass(frozen=True, slots=True)
class Path:
    """A field, or a way to one: `Account.Name`, `$Setup.X__c.Y__c`."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; the name in capitals."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands of one level with the operators between them, from left to right."""

    operators: tuple[str, ...]
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """An operator before its only operand: `-`, `+` or `!`."""

    operator: str
    part: Node


Node = Literal | Path | Call | Chain | Prefix


def parse_formula(text: str) -> Node:
    """Parse a formula; raises FormulaError."""
    if len(text) > FORMULA_MAX:
        shown = f"Formula is too long ({len(text)} characters)"
        raise FormulaError(f"{shown}. Maximum length is {FORMULA_MAX} characters.")
    try:
        tree: Any = _parser().parse(text)
    except UnexpectedInput as error:
        raise FormulaError(_explain(error)) from None
    if not isinstance(tree, Node):
        raise TypeError("the grammar's start rule must give a node")
    return tree


def _explain(error: UnexpectedInput) -> str:
    if isinstance(error, UnexpectedToken):
        if error.token.type == "$END":
            missing = ")" if "RPAR" in error.expected else "operand"
            return f"Syntax error. Missing '{missing}'"
        return f"Syntax error. Extra '{error.token}'"
    found = error.char if isinstance(error, UnexpectedCharacters) else ""
    return f"Syntax error. Found '{found}'"


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = FilePath(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", transformer=_TreeBuilder(), maybe_placeholders=False)


class _TreeBuilder(Transformer[Token, Any]):
    """Builds the tree bottom up while parsing, so that no depth of it costs stack."""

    def start(self, found: list[Any]) -> Node:
        node: Node = found[0]
        return node

    def disjunction(self, found: list[Any]) -> Chain:
        return Chain(("||",) * (len(found) - 1), tuple(found))

    def conjunction(self, found: list[Any]) -> Chain:
        return Chain(("&&",) * (len(found) - 1), tuple(found))

    def joined(self, found: list[Any]) -> Chain:
        return Chain(("&",) * (len(found) - 1), tuple(found))

    def power(self, found: list[Any]) -> Chain:
        return Chain(("^",) * (len(found) - 1), tuple(found))

    def comparison(self, found: list[Any]) -> Chain:
        return Chain(tuple(str(token) for token in found[1::2]), tuple(found[::2]))

    sum = comparison
    product = comparison

    def signed(self, found: list[Any]) -> Prefix:
        return Prefix(str(found[0]), found[1])

    def inverted(self, found: list[Any]) -> Prefix:
        return Prefix("!", found[0])

    def number(self, found: list[Any]) -> Literal:
        return Literal(Decimal(str(found[0])))

    def text(self, found: list[Any]) -> Literal:
        inner = str(found[0])[1:-1]
        return Literal(_ESCAPE.sub(lambda m: _ESCAPED.get(m.group(1), m.group(1)), inner))

    def call(self, found: list[Any]) -> Call:
        return Call(str(found[0]).upper(), tuple(found[1:]))

    def path(self, found: list[Any]) -> Path:
        return Path(str(found[0]))
