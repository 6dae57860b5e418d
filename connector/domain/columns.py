"""How a column is typed, and what a kind of fact is: a name and typed columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a column's values are typed in Arrow and DuckDB."""

    TEXT = "text"
    MONEY = "money"  # DECIMAL(18,4); its currency stands in the row's `currency` column
    RATE = "rate"  # DECIMAL(18,10)
    QUANTITY = "quantity"  # DECIMAL(18,4)
    DATE = "date"
    TIMESTAMP = "timestamp"  # UTC, microseconds
    FLAG = "flag"  # boolean
    COUNT = "count"  # BIGINT


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, kind, whether a row without it is a problem, and what it means."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of fact with its columns. Its key is (connection, id)."""

    name: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in storage order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when the entity has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def text(name: str, meaning: str, required: bool = False) -> Column:
    """A text column."""
    return Column(name, Kind.TEXT, meaning, required)


def money(name: str, meaning: str, required: bool = False) -> Column:
    """An amount in the row's currency."""
    return Column(name, Kind.MONEY, meaning, required)


def date_of(name: str, meaning: str, required: bool = False) -> Column:
    """A date column."""
    return Column(name, Kind.DATE, meaning, required)


def flag(name: str, meaning: str) -> Column:
    """A yes/no column."""
    return Column(name, Kind.FLAG, meaning)


def count(name: str, meaning: str) -> Column:
    """A whole-number column."""
    return Column(name, Kind.COUNT, meaning)


ACCOUNT_REF = (
    text("account_connection", "connection whose account is meant", required=True),
    text("account_field", "id, account_number, registration_no, tax_no, duns or lei", True),
    text("account_key", "value of that field", required=True),
)
CURRENCY = text("currency", "ISO 4217 code of every amount in the row", required=True)
SELLER = text("selling_company", "whose receivable it is; null = the only one")
