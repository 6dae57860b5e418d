"""Parses SOQL with the grammar beside this file; errors carry the vendor's caret text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from adapters.salesforce.emulator.errors import ApiError
from adapters.salesforce.emulator.soql.tree import (
    Chain,
    ChildItem,
    Comparison,
    FunctionCall,
    Membership,
    Negation,
    OrderItem,
    Plain,
    Query,
    SelectItem,
    SetTest,
)

SOQL_MAX = 100_000
CONTEXT = 120  # characters of a long line shown on each side of the caret


class SoqlError(Exception):
    """A query that cannot run; `token` is where the caret points."""

    def __init__(self, code: str, message: str, token: Token | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.token = token

    def as_call_error(self, soql: str) -> ApiError:
        """Return the error of the query call, with the text and caret as real orgs send them."""
        if self.token is None:
            return ApiError(400, self.code, self.message)
        line, column = self.token.line or 1, self.token.column or 1
        return ApiError(400, self.code, point_at(soql, line, column, self.message))


def point_at(soql: str, line: int, column: int, message: str) -> str:
    """Return `message` under the line of the query with a caret at the column (from 1)."""
    lines = soql.splitlines() or [""]
    text = lines[min(line, len(lines)) - 1]
    start = max(column - 1 - CONTEXT, 0)
    shown = text[start : column - 1 + CONTEXT]
    caret = " " * (column - 1 - start) + "^"
    return f"\n{shown}\n{caret}\nERROR at Row:{line}:Column:{column}\n{message}"


def parse_soql(soql: str) -> Query:
    """Parse a query; raises ApiError MALFORMED_QUERY."""
    if len(soql) > SOQL_MAX:
        raise ApiError(400, "MALFORMED_QUERY", f"SOQL statement is longer than {SOQL_MAX}")
    try:
        query = _parser().parse(soql)
    except UnexpectedInput as error:
        raise _unexpected(soql, error) from None
    except SoqlError as error:
        raise error.as_call_error(soql) from None
    if not isinstance(query, Query):
        raise TypeError("the grammar's start rule must give a query")
    return query


def _unexpected(soql: str, error: UnexpectedInput) -> ApiError:
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        lines = soql.splitlines() or [""]
        text = point_at(soql, len(lines), len(lines[-1]) + 1, "unexpected token: <EOF>")
        return ApiError(400, "MALFORMED_QUERY", text)
    if isinstance(error, UnexpectedToken):
        found = str(error.token)
    elif isinstance(error, UnexpectedCharacters):
        found = error.char
    else:
        found = ""
    text = point_at(soql, error.line, error.column, f"unexpected token: '{found}'")
    return ApiError(400, "MALFORMED_QUERY", text)


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", transformer=_TreeBuilder(), maybe_placeholders=True)


@dataclass(frozen=True, slots=True)
class _Group:
    operands: tuple[Any, ...]
    having: Any = None


class _TreeBuilder(Transformer[Token, Any]):
    """Builds the dataclasses of `tree` while parsing."""

    def start(self, found: list[Any]) -> Query:
        query: Query = found[0]
        return query

    def items(self, found: list[Any]) -> tuple[Any, ...]:
        return tuple(found)

    def alias(self, found: list[Any]) -> Token:
        name: Token = found[0]
        return name

    def field_item(self, found: list[Any]) -> SelectItem:
        return SelectItem(Plain(found[0]), found[1])

    def call_item(self, found: list[Any]) -> SelectItem:
        return SelectItem(found[0], found[1])

    def child_item(self, found: list[Any]) -> ChildItem:
        return ChildItem(found[0])

    def source(self, found: list[Any]) -> tuple[Token, Token | None]:
        return found[0], found[1]

    def scope(self, found: list[Any]) -> Token:
        name: Token = found[0]
        return name

    def where(self, found: list[Any]) -> Any:
        return found[0]

    def having(self, found: list[Any]) -> Any:
        return found[0]

    def conjunction(self, found: list[Any]) -> Chain:
        return Chain(True, tuple(found))

    def disjunction(self, found: list[Any]) -> Chain:
        return Chain(False, tuple(found))

    def negation(self, found: list[Any]) -> Negation:
        return Negation(found[0])

    def comparison(self, found: list[Any]) -> Comparison:
        operator = "!=" if found[1] == "<>" else str(found[1])
        return Comparison(found[0], operator, found[2])

    def like(self, found: list[Any]) -> Comparison:
        return Comparison(found[0], "LIKE", found[1])

    def membership(self, found: list[Any]) -> Membership:
        return Membership(found[0], found[1] is not None, found[2])

    def multi(self, found: list[Any]) -> SetTest:
        return SetTest(found[0], found[1].upper() == "EXCLUDES", tuple(found[2:]))

    def values(self, found: list[Any]) -> tuple[Token, ...]:
        return tuple(found)

    def value(self, found: list[Any]) -> Token:
        token: Token = found[0]
        return token

    def plain(self, found: list[Any]) -> Plain:
        return Plain(found[0])

    def call(self, found: list[Any]) -> FunctionCall:
        return FunctionCall(found[0], tuple(part for part in found[1:] if part is not None))

    def group(self, found: list[Any]) -> _Group:
        return _Group(tuple(found[:-1]), found[-1])

    def order(self, found: list[Any]) -> tuple[OrderItem, ...]:
        return tuple(found)

    def order_item(self, found: list[Any]) -> OrderItem:
        descending = found[1] is not None and found[1].upper() == "DESC"
        # Ascending puts nulls first, descending too unless the query says otherwise.
        nulls_last = found[2] is not None and found[2].upper() == "LAST"
        return OrderItem(found[0], descending, nulls_last)

    def limit(self, found: list[Any]) -> Token:
        token: Token = found[0]
        return token

    def offset(self, found: list[Any]) -> Token:
        token: Token = found[0]
        return token

    def security(self, found: list[Any]) -> None:
        return None

    def lock(self, found: list[Any]) -> None:
        return None

    def query(self, found: list[Any]) -> Query:
        items, source, scope, where, _, group, order, limit, offset, _ = found
        return Query(
            items,
            source[0],
            source[1],
            scope,
            where,
            group.operands if group else (),
            group.having if group else None,
            order or (),
            _whole(limit),
            _whole(offset),
            offset,
        )


def _whole(token: Token | None) -> int | None:
    if token is None:
        return None
    if not token.isdigit():
        raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{token}'", token)
    return int(token)
