"""How an expression becomes the text that an engine runs: DuckDB, or Spark over Spark Connect.

Expressions are the same for both. A dialect writes the query and the typed columns of its result;
each stage is stored under exactly these types, so that a sum has the same digits everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.backends.sql.datatypes import DuckDBType, PySparkType

PREFIX = "credit_"
"""Every temporary table of a calculation begins so."""


@dataclass(frozen=True)
class Dialect:
    """`write` gives the column list of an expression's result and the query that makes it.

    `mark` stands around names, `kind` gives a type's name.
    """

    name: str
    mark: str
    write: Callable[[ir.Table], tuple[str, str]]
    kind: Callable[[Any], str]

    def quoted(self, name: str) -> str:
        """A name of ours as it stands in a query."""
        return f"{self.mark}{name}{self.mark}"


def _write_duckdb(expression: ir.Table) -> tuple[str, str]:
    schema = expression.schema()
    kinds = [(name, DuckDBType.to_string(kind)) for name, kind in _pairs(schema)]
    query = str(ibis.to_sql(expression, dialect="duckdb", pretty=False))
    return ", ".join(f'"{name}" {kind}' for name, kind in kinds), query


def _write_spark(expression: ir.Table) -> tuple[str, str]:
    """Every column is cast to its type in the query: Spark widens decimals as it computes.

    The text is put together from what the compiler wrote and from column names, which are metrics,
    entities' columns, or names of the policy (letters, digits and underscores); no fact gets in.
    """
    _ = ibis.pyspark  # loads the back end's options, without which nothing compiles
    schema = expression.schema()
    kinds = [(name, PySparkType.to_string(kind)) for name, kind in _pairs(schema)]
    query = _plain_numbers(str(ibis.to_sql(expression, dialect="pyspark", pretty=False)))
    columns = ", ".join(f"CAST(`{name}` AS {kind}) AS `{name}`" for name, kind in kinds)
    listed = ", ".join(f"`{name}` {kind}" for name, kind in kinds)
    return listed, f"SELECT {columns} FROM ({query})"  # noqa: S608  # our own names


def _pairs(schema: Any) -> list[tuple[str, Any]]:
    return list(zip(schema.names, schema.types, strict=True))


_EXPONENT = re.compile(r"CAST\('([0-9.]+E[+-]?[0-9]+)' AS DECIMAL")


def _plain_numbers(query: str) -> str:
    """Decimal literals without exponent: not every Spark Connect server reads 1E+6 as a decimal."""
    return _EXPONENT.sub(lambda m: f"CAST('{Decimal(m[1]):f}' AS DECIMAL", query)


DUCKDB = Dialect("duckdb", '"', _write_duckdb, DuckDBType.to_string)
SPARK = Dialect("spark", "`", _write_spark, PySparkType.to_string)
