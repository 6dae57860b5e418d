"""What the engine reads: the tables' names and columns, and the Arrow inputs beside them.

In the DuckDB connection that `decide` is given:

==================== ===========================================================================
`linked.<entity>`    every entity of LINKED and OURS: its columns (domain.entities) + `connection`,
                     `id` and, in LINKED, `party_id`;
                     `linked."order"` also `uninvoiced` DECIMAL(18,4), `uninvoiced_basis` text
`party`              the columns of PLAIN; more columns are ignored
`scope`              party_id, in_scope
`fx`                 currency, rate_date, rate: 1 currency = rate company currency, dense per day
==================== ===========================================================================

The rest comes as Arrow in `Inputs`. Everything dated after the valuation date is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from connector.credit.dialects import PREFIX
from connector.domain.entities import ENTITIES, Kind
from connector.ports.store import APPROVED_LIMIT_SCHEMA, PRIOR_FLAG_SCHEMA, PRIOR_SCHEMA

LINKED = (
    "invoice", "payment", "order", "delivery", "credit_note", "allocation", "limit",
    "invoice_line", "instalment", "opportunity", "terms", "agreement", "guarantee",
    "insured_limit", "bill", "promise", "dispute", "trade_reference", "statement",
    "bureau_report", "event",
)  # fmt: skip
"""Tables of the schema `linked` whose rows belong to a party."""

OURS = ("insurance_policy",)
"""Tables of the schema `linked` that belong to no party."""

BETWEEN = "\x1f"
"""Stands between a party's id and the number of its copy, on which a remedy is tried."""

IBIS_TYPES = {
    Kind.TEXT: "string", Kind.MONEY: "decimal(18, 4)", Kind.RATE: "decimal(18, 10)",
    Kind.QUANTITY: "decimal(18, 4)", Kind.DATE: "date", Kind.TIMESTAMP: "timestamp",
    Kind.FLAG: "boolean", Kind.COUNT: "int64",
}  # fmt: skip

PLAIN: dict[str, dict[str, str]] = {
    "party": {
        "party_id": "string", "party_kind": "string", "terms_days": "int64",
        "customer_since": "date", "group_id": "string", "country": "string",
        "industry": "string", "region": "string", "currency": "string",
        "registration_no": "string",
    },
    "scope": {"party_id": "string", "in_scope": "boolean"},
    "fx": {"currency": "string", "rate_date": "date", "rate": "decimal(18, 10)"},
}  # fmt: skip
"""Tables beside them, with the columns that are read."""

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

USAGE_SCHEMA = pa.schema(
    [
        ("party_id", pa.string()),
        ("selling_company", pa.string()),
        ("day", pa.date32()),
        ("utilisation", pa.decimal128(18, 10)),
    ]
)
"""Use of the limit as decided on earlier days; a day that is not there was not observed."""

CALENDAR_SCHEMA = pa.schema([("country", pa.string()), ("last_past_grace", pa.date32())])
"""Per country, "" where it is unknown, the latest due date whose working days of grace are over."""

SURROUNDING_SCHEMA = pa.schema(
    [
        ("party_id", pa.string()),
        ("group_others", pa.decimal128(18, 4)),
        ("book_others", pa.decimal128(18, 4)),
        ("book_names", pa.int64()),
    ]
)
"""What stands around a party that is decided on apart from the rest of the book: what the other
members of its group, and all others, owe net (nobody below 0), and how many names the book has."""

GIVEN: dict[str, pa.Schema] = {
    "approved": APPROVED_LIMIT_SCHEMA,
    "prior": PRIOR_SCHEMA,
    "prior_flag": PRIOR_FLAG_SCHEMA,
    "hard_stop": HARD_STOP_SCHEMA,
    "agency": AGENCY_LIMIT_SCHEMA,
    "usage": USAGE_SCHEMA,
    "calendar": CALENDAR_SCHEMA,
    "surrounding": SURROUNDING_SCHEMA,
}
"""Inputs that come as Arrow."""

MONTHS = 12
MOMENT_SCHEMA = pa.schema(
    [
        ("as_of", pa.date32()),
        ("currency", pa.string()),
        ("portfolio_sales", pa.decimal128(18, 4)),
        ("rest_owed", pa.decimal128(18, 4)),
        ("rest_names", pa.int64()),
        ("rest_sales", pa.decimal128(18, 4)),
        *((f"month_days_{number}", pa.int64()) for number in range(MONTHS)),
    ]
)
"""One row: valuation date, company currency, the portfolio's sales if given, what the rest of the
book comes to (`Rest`), and how many days the month of the valuation date (so far) and the eleven
months before it have."""


@dataclass(frozen=True, slots=True)
class Rest:
    """All parties in scope but those decided on, when only a part of the book is.

    `owed`: their net exposures, none below 0; `names`: how many of them owe anything; `sales`:
    their credit sales of a year, none below 0. Amounts stand in company currency.
    """

    owed: Decimal = Decimal(0)
    names: int = 0
    sales: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Facts that come from the store and the settings. `currency` is the company's own."""

    currency: str
    approved_limits: pa.Table = field(default_factory=APPROVED_LIMIT_SCHEMA.empty_table)
    prior_decisions: pa.Table = field(default_factory=PRIOR_SCHEMA.empty_table)
    prior_flags: pa.Table = field(default_factory=PRIOR_FLAG_SCHEMA.empty_table)
    hard_stops: pa.Table = field(default_factory=HARD_STOP_SCHEMA.empty_table)
    agency_limits: pa.Table = field(default_factory=AGENCY_LIMIT_SCHEMA.empty_table)
    usage: pa.Table = field(default_factory=USAGE_SCHEMA.empty_table)
    calendars: pa.Table = field(default_factory=CALENDAR_SCHEMA.empty_table)
    surroundings: pa.Table = field(default_factory=SURROUNDING_SCHEMA.empty_table)
    rest: Rest = field(default_factory=Rest)

    def tables(self, among: pa.Table | None = None) -> dict[str, pa.Table]:
        """The Arrow inputs under the names the stages use, each cast to its schema.

        `among` (party_id): those of these parties alone, see `bind`.
        """
        given = (
            self.approved_limits,
            self.prior_decisions,
            self.prior_flags,
            self.hard_stops,
            self.agency_limits,
            self.usage,
            self.calendars,
            self.surroundings,
        )
        found = {
            name: rows.select(schema.names).cast(schema)
            for (name, schema), rows in zip(GIVEN.items(), given, strict=True)
        }
        if among is None:
            return found
        return {
            name: rows if name in ("prior", "calendar") else rows.filter(
                pc.is_in(rows["party_id"], value_set=among["party_id"].combine_chunks())
            )
            for name, rows in found.items()
        }  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """All input tables of a calculation as expressions, by name."""

    tables: Mapping[str, ir.Table]

    def __getitem__(self, name: str) -> ir.Table:
        return self.tables[name]

    @property
    def moment(self) -> ir.Table:
        """The one row of MOMENT_SCHEMA."""
        return self.tables["moment"]

    @property
    def as_of(self) -> Any:
        """The valuation date."""
        return self.moment.as_of.as_scalar()


def linked_columns(entity: str) -> dict[str, str]:
    """Columns and types of a table of the schema `linked`."""
    columns = {"party_id": "string"} if entity in LINKED else {}
    columns |= {"connection": "string", "id": "string"}
    columns |= {c.name: IBIS_TYPES[c.kind] for c in ENTITIES[entity].columns}
    if entity == "order":
        columns["uninvoiced"] = IBIS_TYPES[Kind.MONEY]
    return columns


def input_facts() -> Facts:
    """The inputs as the program sees them: named tables without data."""
    schemas: dict[str, Any] = {name: linked_columns(name) for name in (*LINKED, *OURS)}
    schemas |= PLAIN
    schemas |= {name: ibis.schema(ibis.Schema.from_pyarrow(s)) for name, s in GIVEN.items()}
    schemas["moment"] = ibis.Schema.from_pyarrow(MOMENT_SCHEMA)
    return Facts({n: ibis.table(s, name=f"{PREFIX}in_{n}") for n, s in schemas.items()})


def input_names() -> list[str]:
    """Names of all inputs."""
    return [*LINKED, *OURS, *PLAIN, *GIVEN, "moment"]


def moment_row(currency: str, as_of: date, rest: Rest | None = None) -> pa.Table:
    """The row of MOMENT_SCHEMA for a date; without `rest` nobody is left out."""
    rest = rest or Rest()
    row: dict[str, Any] = {
        "as_of": as_of, "currency": currency, "portfolio_sales": None,
        "rest_owed": rest.owed, "rest_names": rest.names, "rest_sales": rest.sales,
    }  # fmt: skip
    last = as_of
    for number in range(MONTHS):
        row[f"month_days_{number}"] = last.day
        last = last.replace(day=1) - timedelta(days=1)
    return pa.Table.from_pylist([row], schema=MOMENT_SCHEMA)
