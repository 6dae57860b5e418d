"""A small ledger in memory, in the shape that the credit engine reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from connector.credit.engine import Decided
from connector.credit.facts import LINKED, OURS, PLAIN, Inputs
from connector.domain.entities import ENTITIES, Kind
from connector.ports.store import APPROVED_LIMIT_SCHEMA, PRIOR_FLAG_SCHEMA, PRIOR_SCHEMA

AS_OF = date(2025, 6, 30)
SQL_TYPES = {
    Kind.TEXT: "VARCHAR", Kind.MONEY: "DECIMAL(18,4)", Kind.RATE: "DECIMAL(18,10)",
    Kind.QUANTITY: "DECIMAL(18,4)", Kind.DATE: "DATE", Kind.TIMESTAMP: "TIMESTAMP",
    Kind.FLAG: "BOOLEAN", Kind.COUNT: "BIGINT",
}  # fmt: skip

PLAIN_TYPES = {"string": "VARCHAR", "int64": "BIGINT", "date": "DATE", "boolean": "BOOLEAN"}


class Book:
    """Facts in a DuckDB in memory, and the inputs that go with them.

    `waiting`: rows by (table, columns) that the ledger does not have yet.
    """

    def __init__(self, currency: str = "CNY") -> None:
        self._connection = duckdb.connect(config={"threads": 1})
        self.waiting: dict[tuple[str, tuple[str, ...]], list[list[Any]]] = {}
        self.currency = currency
        self.inputs = Inputs(currency)
        self._numbers: dict[str, int] = {}
        self._make()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The ledger with everything that was added so far."""
        for (table, columns), rows in self.waiting.items():
            names = ", ".join(f'"{name}"' for name in columns)
            marks = ", ".join("?" for _ in columns)
            statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
            self._connection.executemany(statement, rows)
        self.waiting.clear()
        return self._connection

    def _make(self) -> None:
        run = self._connection.execute
        run("CREATE SCHEMA linked")
        for name in (*LINKED, *OURS):
            columns = [f'"{c.name}" {SQL_TYPES[c.kind]}' for c in ENTITIES[name].columns]
            if name == "order":
                columns += ["uninvoiced DECIMAL(18,4)", "uninvoiced_basis VARCHAR"]
            head = "connection VARCHAR, id VARCHAR"
            if name in LINKED:
                head += ", party_id VARCHAR"
            run(f'CREATE TABLE linked."{name}" ({head}, {", ".join(columns)})')
        for name in ("party", "scope"):
            columns = [f"{c} {PLAIN_TYPES[kind]}" for c, kind in PLAIN[name].items()]
            run(f"CREATE TABLE {name} ({', '.join(columns)})")
        run("CREATE TABLE fx (currency VARCHAR, rate_date DATE, rate DECIMAL(18,10))")

    def party(self, party_id: str = "P", *, in_scope: bool = True, **columns: Any) -> Book:
        row = {"party_id": party_id, "party_kind": "company", **columns}
        self.insert("party", row)
        self.insert("scope", {"party_id": party_id, "in_scope": in_scope})
        return self

    def rate(self, currency: str, rate: str, on: date = AS_OF) -> Book:
        self.insert("fx", {"currency": currency, "rate_date": on, "rate": Decimal(rate)})
        return self

    def add(self, entity: str, party_id: str = "P", **columns: Any) -> Book:
        """A document; id and number are made up when not given."""
        number = self._numbers[entity] = self._numbers.get(entity, 0) + 1
        names = ENTITIES[entity].column_names
        row: dict[str, Any] = {"connection": "erp", "id": f"{entity}-{number}"}
        if entity in LINKED:
            row["party_id"] = party_id
        if "currency" in names:
            row["currency"] = self.currency
        row.update(columns)
        if "number" in names and entity != "payment":
            row.setdefault("number", row["id"])
        self.insert(f'linked."{entity}"', row)
        return self

    def approve(self, party_id: str = "P", **columns: Any) -> Book:
        row = {
            "party_id": party_id, "selling_company": "", "state": "amount",
            "currency": self.currency, "source": "person", **columns,
        }  # fmt: skip
        return self._give("approved_limits", APPROVED_LIMIT_SCHEMA, row)

    def prior(self, party_id: str = "P", **columns: Any) -> Book:
        row = {"party_id": party_id, "selling_company": "", **columns}
        return self._give("prior_decisions", PRIOR_SCHEMA, row)

    def prior_flag(self, code: str, since: date, party_id: str = "P") -> Book:
        row = {"party_id": party_id, "selling_company": "", "code": code, "severity": 1}
        return self._give("prior_flags", PRIOR_FLAG_SCHEMA, {**row, "since": since})

    def stop(self, code: str, party_id: str = "P", since: date | None = None) -> Book:
        schema = self.inputs.hard_stops.schema
        row = {"party_id": party_id, "code": code, "since": since}
        return self._give("hard_stops", schema, row)

    def _give(self, name: str, schema: pa.Schema, row: dict[str, Any]) -> Book:
        full = {**dict.fromkeys(schema.names), **row}
        for field in schema:
            if pa.types.is_decimal(field.type) and full[field.name] is not None:
                full[field.name] = Decimal(full[field.name])
        rows = [*getattr(self.inputs, name).to_pylist(), full]
        self.inputs = replace(self.inputs, **{name: pa.Table.from_pylist(rows, schema=schema)})
        return self

    def insert(self, table: str, row: dict[str, Any]) -> None:
        """A row of a table, as it stands."""
        self.waiting.setdefault((table, tuple(row)), []).append(list(row.values()))


def sample_book() -> Book:
    """The sample ledger of the domain fact sheet (as of 2025-06-30, CNY, net 60)."""
    book = Book().party(terms_days=60, customer_since=date(2020, 1, 1))
    for number, amount, open_amount, issued, due, disputed in (
        ("INV-1", 120000, 50000, "2025-02-10", "2025-04-11", False),
        ("INV-2", 80000, 80000, "2025-04-15", "2025-06-14", False),
        ("INV-3", 150000, 150000, "2025-05-12", "2025-07-11", False),
        ("INV-4", 60000, 60000, "2025-06-05", "2025-08-04", False),
        ("INV-5", 40000, 40000, "2025-01-06", "2025-03-07", True),
    ):
        book.add(
            "invoice", id=number, number=number, amount=amount, open_amount=open_amount,
            invoice_date=issued, due_date=due, disputed=disputed,
        )  # fmt: skip
    # The other sales of the half year, paid, so that months add up as in the sheet.
    for number, amount, issued, due, paid in (
        ("OLD-1", 120000, "2025-01-15", "2025-03-16", "2025-03-16"),
        ("OLD-2", 120000, "2025-02-20", "2025-04-21", "2025-04-21"),
        ("P1-INV", 100000, "2025-03-03", "2025-05-02", None),
        ("OLD-3", 80000, "2025-03-10", "2025-05-09", "2025-05-09"),
        ("P2-INV", 60000, "2025-04-01", "2025-05-31", None),
        ("OLD-4", 60000, "2025-04-20", "2025-06-19", "2025-06-19"),
        ("OLD-5", 60000, "2025-05-02", "2025-07-01", "2025-06-01"),
        ("OLD-6", 90000, "2025-06-02", "2025-08-01", "2025-06-20"),
    ):
        book.add(
            "invoice", id=number, number=number, amount=amount, invoice_date=issued, due_date=due
        )
        if paid:
            book.add("payment", amount=amount, value_date=paid, invoice_number=number)
    for key, amount, paid, named in (
        ("P1", 100000, "2025-05-20", "P1-INV"),
        ("P2", 60000, "2025-05-28", "P2-INV"),
        ("P3", 70000, "2025-05-20", "INV-1"),
        ("ON-ACCOUNT", 20000, "2025-06-10", None),
    ):
        book.add("payment", id=key, amount=amount, value_date=paid, invoice_number=named)
    book.add("credit_note", amount=15000, issue_date="2024-01-10")
    book.add("order", state="open", amount=110000, uninvoiced=110000, prepaid_amount=33000,
             order_date="2025-06-20")  # fmt: skip
    book.add("delivery", unbilled_amount=45000, delivery_date="2025-06-25")
    book.add("invoice", amount=25000, invoice_date="2025-06-28", posted=False)
    return book.approve(amount="500000")


def metric_texts(decided: Decided, party: str = "P", company: str = "") -> dict[str, str | None]:
    """A party's metrics and ageing buckets (`age_…`) as canonical texts."""
    key = (party, company)
    found: dict[str, Any] = only(
        row for row in decided.tables["metric"].to_pylist()
        if (row["party_id"], row["selling_company"]) == key
    )  # fmt: skip
    for row in decided.tables["breakdown"].to_pylist():
        if (row["party_id"], row["selling_company"], row["dimension"]) == (*key, "ageing"):
            found[f"age_{row['member']}"] = row["amount"]
    return {name: None if value is None else _canonical(value) for name, value in found.items()}


def _canonical(value: object) -> str:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def only(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The one row there has to be."""
    (row,) = list(rows)
    return row
