"""A calculation compiled once: SQL statements for each stage, run as often as wanted.

Building and compiling the expressions takes longer than a small company's calculation itself, and
it depends on the policy alone. So nothing of a run is in the program: the valuation date, the
currency and all facts are tables it reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir

PREFIX = "credit_"
"""Every temporary table of a calculation begins so."""


@dataclass(frozen=True)
class Statement:
    """One stage: the table it fills, its columns with types, and the query that fills it."""

    name: str
    columns: str
    query: str


class Builder:
    """Collects stages; each is an expression over inputs and earlier stages."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """Add a stage and return the table it will be."""
        if any(statement.name == name for statement in self.statements):
            raise ValueError(f"the stage {name} stands there twice")
        schema = expression.schema()
        query = str(ibis.to_sql(expression, dialect="duckdb"))
        self.statements.append(Statement(name, _column_list(schema), query))
        return ibis.table(schema, name=PREFIX + name)


def _column_list(schema: Any) -> str:
    from ibis.backends.sql.datatypes import DuckDBType

    return ", ".join(
        f'"{name}" {DuckDBType.to_string(kind)}' for name, kind in zip(schema.names, schema.types, strict=True)
    )


def run_statements(
    connection: duckdb.DuckDBPyConnection, statements: Iterable[Statement]
) -> None:
    """Compute the stages in order as temporary tables; an older one of the name is replaced."""
    for statement in statements:
        table = f'temp."{PREFIX}{statement.name}"'
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(f"CREATE TEMP TABLE \"{PREFIX}{statement.name}\" ({statement.columns})")
        connection.execute(f"INSERT INTO {table} {statement.query}")  # noqa: S608  # our own names


def drop_statements(
    connection: duckdb.DuckDBPyConnection, statements: Iterable[Statement]
) -> None:
    """Drop what `run_statements` made."""
    for statement in statements:
        connection.execute(f'DROP TABLE IF EXISTS temp."{PREFIX}{statement.name}"')
