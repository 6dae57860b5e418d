"""What the parser makes of a SOQL text."""

from __future__ import annotations

from dataclasses import dataclass, field

from lark import Token


@dataclass(frozen=True, slots=True)
class Plain:
    """A field path such as `Owner.Name`."""

    path: Token


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function of the fields in `arguments`."""

    name: Token
    arguments: tuple[Plain | FunctionCall, ...]

    @property
    def key(self) -> str:
        """The function's name in upper case."""
        return self.name.upper()


Operand = Plain | FunctionCall


@dataclass(frozen=True, slots=True)
class SelectItem:
    """A selected field or function with its alias."""

    operand: Operand
    alias: Token | None


@dataclass(frozen=True, slots=True)
class ChildItem:
    """A sub-query over a child relationship."""

    query: Query


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operand operator value`; the operator `LIKE` included."""

    operand: Operand
    operator: str
    value: Token


@dataclass(frozen=True, slots=True)
class Membership:
    """`operand [NOT] IN (...)` with values or a sub-query."""

    operand: Operand
    negated: bool
    values: tuple[Token, ...] | Query


@dataclass(frozen=True, slots=True)
class SetTest:
    """`operand INCLUDES (...)` or `EXCLUDES`."""

    operand: Operand
    negated: bool
    values: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """`NOT part`."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Chain:
    """Parts joined by AND (`every`) or by OR."""

    every: bool
    parts: tuple[Condition, ...]


Condition = Comparison | Membership | SetTest | Negation | Chain


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One sort key."""

    operand: Operand
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query. `limit` and `offset` are None when not given."""

    items: tuple[SelectItem | ChildItem, ...]
    source: Token
    source_alias: Token | None = None
    scope: Token | None = None
    where: Condition | None = None
    group: tuple[Operand, ...] = ()
    having: Condition | None = None
    order: tuple[OrderItem, ...] = ()
    limit: int | None = None
    offset: int | None = None
    offset_token: Token | None = field(default=None, compare=False)
