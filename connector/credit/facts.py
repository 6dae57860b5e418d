"""What the engine reads: the tables' names and columns, the Arrow inputs, and staged tables.

In the DuckDB connection that `decide` is given:

==================== ===========================================================================
`linked.<entity>`    invoice, payment, order, delivery, credit_note, allocation, limit: the
                     entity's columns (domain.entities) + `connection`, `id`, `party_id`;
                     `linked."order"` also `uninvoiced` DECIMAL(18,4), `uninvoiced_basis` text
`party`              party_id, party_kind, terms_days, customer_since; more columns are ignored
`scope`              party_id, in_scope
`fx`                 currency, rate_date, rate: 1 currency = rate company currency, dense per day
==================== ===========================================================================

The rest comes as Arrow in `Inputs`. Everything dated after the valuation date is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from connector.errors import StateError
from connector.ports.store import APPROVED_LIMIT_SCHEMA, PRIOR_FLAG_SCHEMA, PRIOR_SCHEMA

LINKED = ("invoice", "payment", "order", "delivery", "credit_note", "allocation", "limit")
"""Tables of the schema `linked`."""

PLAIN = ("party", "scope", "fx")
"""Tables beside it."""

HARD_STOP_SCHEMA = pa.schema(
    [("party_id", pa.string()), ("code", pa.string()), ("since", pa.date32())]
)
"""Findings outside the score: insolvency, sanctions and the like."""

AGENCY_LIMIT_SCHEMA = pa.schema(
    [
        ("party_id", pa.string()),
        ("amount", pa.decimal128(18, 4)),
        ("currency", pa.string()),
    ]
)
"""A bureau's recommended maximum, one row a party."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Facts that come from the store and the settings. `currency` is the company's own."""

    currency: str
    approved_limits: pa.Table = field(default_factory=APPROVED_LIMIT_SCHEMA.empty_table)
    prior_decisions: pa.Table = field(default_factory=PRIOR_SCHEMA.empty_table)
    prior_flags: pa.Table = field(default_factory=PRIOR_FLAG_SCHEMA.empty_table)
    hard_stops: pa.Table = field(default_factory=HARD_STOP_SCHEMA.empty_table)
    agency_limits: pa.Table = field(default_factory=AGENCY_LIMIT_SCHEMA.empty_table)

    def tables(self) -> dict[str, pa.Table]:
        """The Arrow inputs under the names the stages use, each cast to its schema."""
        return {
            "approved": self.approved_limits.cast(APPROVED_LIMIT_SCHEMA),
            "prior": self.prior_decisions.cast(PRIOR_SCHEMA),
            "prior_flag": self.prior_flags.cast(PRIOR_FLAG_SCHEMA),
            "hard_stop": self.hard_stops.cast(HARD_STOP_SCHEMA),
            "agency": self.agency_limits.cast(AGENCY_LIMIT_SCHEMA),
        }


@dataclass(frozen=True)
class Facts:
    """All input tables of one calculation as expressions, by name."""

    tables: Mapping[str, ir.Table]

    def __getitem__(self, name: str) -> ir.Table:
        return self.tables[name]

    def changed(self, **tables: ir.Table) -> Facts:
        """A copy in which these tables are others."""
        return replace(self, tables={**self.tables, **tables})


class Stage:
    """Materialised intermediate tables of one calculation, dropped together at its end."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, prefix: str) -> None:
        self.backend: Any = ibis.duckdb.from_connection(connection)
        self._connection = connection
        self._prefix = prefix
        self._names: list[str] = []

    def keep(self, name: str, content: Any) -> ir.Table:
        """Compute an expression, or take over Arrow rows, as a temporary table."""
        full = f"{self._prefix}_{len(self._names)}_{name}"
        self._names.append(full)
        return self.backend.create_table(full, content, temp=True, overwrite=True)

    def drop(self) -> None:
        """Drop everything that was kept."""
        for name in reversed(self._names):
            self.backend.drop_table(name, force=True)
        self._names.clear()


def read_facts(stage: Stage, inputs: Inputs) -> Facts:
    """The input tables as expressions; StateError names the tables that are missing."""
    backend = stage.backend
    linked = set(backend.list_tables(database="linked")) if _has_linked(backend) else set()
    plain = set(backend.list_tables())
    missing = [f"linked.{n}" for n in LINKED if n not in linked]
    missing += [n for n in PLAIN if n not in plain]
    if missing:
        raise StateError(
            "The facts are incomplete: {tables} cannot be found.",
            next_step="Run link before decide.",
            tables=", ".join(missing),
        )
    tables = {name: backend.table(name, database="linked") for name in LINKED}
    tables |= {name: backend.table(name) for name in PLAIN}
    tables |= {name: stage.keep(name, rows) for name, rows in inputs.tables().items()}
    return Facts(tables)


def _has_linked(backend: Any) -> bool:
    return "linked" in backend.list_databases()
