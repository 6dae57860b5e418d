"""The credit engine against one query written by hand and against a loop over rows.

    scripts/bench engine [--parties N]

A seeded book is made by SQL: 25 invoices a party and 10 orders; a fifth of the customers pay late
and leave invoices unpaid. Then, each in a process of its own so that peaks of memory are honest:
the hand-written query, the engine's `measure` for the figures of this query, a Python loop over the
rows of a sample of parties, and `decide` with everything it does beyond figures. Every common
figure has to be the same to the last digit. Printed are wall clock, processor time and peak memory
of each, and ratios taken in this run.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from connector.credit.engine import compile_program, decide
from connector.credit.facts import Inputs
from connector.credit.measuring import measure
from connector.credit.metrics.party import KEY
from connector.credit.policy.document import shipped_policy
from connector.credit.policy.lint import load_policy
from connector.domain.decision import TOTAL
from scripts.benches.book import AS_OF, CURRENCY, make_tables

QUERY = Path(__file__).with_suffix(".sql")
SAMPLE = 200
"""Parties that the loop over rows is run for; its time is scaled up to all."""
YEAR = 365
_LIMITS = ("SET enable_progress_bar = false", "SET threads = 2", "SET memory_limit = '1500MB'")

_LATE = "hash(party_id) % 5 = 0"
"""Customers who pay late."""

_FACTS = {
    "party": """
SELECT 'P' || i AS party_id, 'company' AS party_kind, 30 AS terms_days, 'P' || (i - i % 5)
    AS group_id, DATE '2019-01-01' AS customer_since FROM range({parties}) AS t(i)""",
    "scope": "SELECT party_id, true AS in_scope FROM party",
    "fx": """
SELECT currency, DATE '2025-06-30' AS rate_date, rate
FROM (VALUES ('USD', 7.15), ('EUR', 7.80)) AS v(currency, rate)""",
    "linked.invoice": """
SELECT 'erp' AS connection, 'I' || i AS id, 'P' || p AS party_id, 'I' || i AS number,
    CASE p % 10 WHEN 0 THEN 'USD' WHEN 1 THEN 'EUR' ELSE 'CNY' END AS currency,
    (100 + hash(i * 7) % 10000000 / 100.0)::DECIMAL(18, 4) AS amount, d AS invoice_date,
    d + 60 AS due_date, i % 97 = 0 AS disputed, true AS posted,
    CASE WHEN i % 7 = 0 THEN 'S2' ELSE 'S1' END AS selling_company
FROM (SELECT i, hash(i) % {parties} AS p, DATE '2023-07-01' + (hash(i * 13) % 729)::INT AS d
      FROM range({parties} * 25) AS t(i))""",
    "linked.payment": """
SELECT 'erp' AS connection, 'Y' || id AS id, party_id, currency, selling_company,
    CASE WHEN {late} AND hash(id) % 5 = 1 THEN (amount / 2)::DECIMAL(18, 4) ELSE amount END
    AS amount,
    due_date + CASE WHEN {late} THEN (hash(id) % 60)::INT - 5 ELSE (hash(id) % 15)::INT - 10 END
    AS value_date, id AS invoice_id
FROM linked.invoice WHERE due_date < DATE '2025-06-01' AND NOT ({late} AND hash(id) % 4 = 0)""",
    'linked."order"': """
SELECT 'erp' AS connection, 'O' || i AS id, 'P' || hash(i * 3) % {parties} AS party_id,
    'open' AS state, 'CNY' AS currency, 5000 AS amount, CASE WHEN i % 4 = 0 THEN 5000 ELSE 0 END
    AS uninvoiced, DATE '2024-06-01' + (hash(i * 5) % 390)::INT AS order_date
FROM range({parties} * 10) AS t(i)""",
}


@dataclass(frozen=True)
class Measured:
    """What one way of computing the figures gave, and what it took (seconds, megabytes)."""

    figures: pa.Table
    wall: float
    processor: float
    peak: float


def make_book(path: Path, parties: int) -> None:
    """Write the seeded book into a DuckDB file."""
    with duckdb.connect(str(path)) as connection:
        make_tables(connection)
        for table, query in _FACTS.items():
            rows = query.format(parties=parties, late=_LATE)
            connection.execute(f"INSERT INTO {table} BY NAME {rows}")


def by_hand(path: Path, parties: int) -> Measured:
    """The hand-written query."""
    with _opened(path) as connection:
        query = QUERY.read_text(encoding="utf-8")
        return _measured(lambda: connection.execute(query, {"as_of": AS_OF}).fetch_arrow_table())


def by_measure(path: Path, parties: int) -> Measured:
    """The engine's figures that the query knows too; compiling the policy is not measured."""
    policy = load_policy(shipped_policy())
    compile_program(policy)
    with _opened(path) as connection:
        told = f"DESCRIBE {QUERY.read_text(encoding='utf-8')}"
        columns = [name for name, *_ in connection.execute(told, {"as_of": AS_OF}).fetchall()]
        names = [name for name in columns if name not in KEY]
        return _measured(lambda: measure(connection, Inputs(CURRENCY), policy, AS_OF, names))


def by_engine(path: Path, parties: int) -> Measured:
    """A whole decision by the standard policy; compiling it is not measured."""
    policy = load_policy(shipped_policy())
    compile_program(policy)
    with _opened(path) as connection:
        return _measured(
            lambda: decide(connection, Inputs(CURRENCY), policy, AS_OF, "bench").tables["metric"]
        )


def by_rows(path: Path, parties: int) -> Measured:
    """A loop over the rows of a sample of parties: open, overdue and disputed amounts."""
    names = [f"P{n * max(1, parties // SAMPLE)}" for n in range(min(SAMPLE, parties))]
    with _opened(path) as connection:
        return _measured(lambda: pa.Table.from_pylist([_loop(connection, n) for n in names]))


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(path), read_only=True)
    for limit in (*_LIMITS, f"SET temp_directory = '{path.parent / 'spill'}'"):
        connection.execute(limit)
    return connection


def _measured(work: Callable[[], pa.Table]) -> Measured:
    wall, processor = time.perf_counter(), time.process_time()
    table = work()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(table, wall, processor, peak)


def _loop(connection: duckdb.DuckDBPyConnection, party_id: str) -> dict[str, Any]:
    rates = dict(connection.execute("SELECT currency, rate FROM fx").fetchall())
    found = {"open_receivables": Decimal(0), "overdue": Decimal(0), "disputed": Decimal(0),
             "sales_year": Decimal(0)}  # fmt: skip
    invoices = connection.execute(
        "SELECT id, currency, amount, invoice_date, due_date, disputed FROM linked.invoice "
        "WHERE party_id = ? AND invoice_date <= ?", [party_id, AS_OF],
    ).fetchall()  # fmt: skip
    payments = connection.execute(
        "SELECT invoice_id, amount FROM linked.payment WHERE party_id = ? AND value_date <= ?",
        [party_id, AS_OF],
    ).fetchall()
    for key, currency, amount, invoiced, due, disputed in invoices:
        rate = rates.get(currency, Decimal(1))
        left = amount - sum((paid for of, paid in payments if of == key), Decimal(0))
        base = _money(left * rate)
        found["open_receivables"] += base
        found["overdue"] += base if due < AS_OF else 0
        found["disputed"] += base if disputed else 0
        recent: date = AS_OF - timedelta(days=YEAR)
        found["sales_year"] += _money(amount * rate) if invoiced > recent else 0
    return {
        "party_id": party_id,
        "selling_company": TOTAL,
        **{name: _money(value) for name, value in found.items()},
    }


def _money(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def compare(one: Measured, other: Measured) -> tuple[int, list[str]]:
    """How many figures of `one` the other knows too, and where they are not the same."""
    names = [n for n in one.figures.column_names if n in other.figures.column_names]
    names = [name for name in names if name not in KEY]
    with duckdb.connect() as connection:
        connection.register("one", one.figures)
        connection.register("other", other.figures)
        lost = "SELECT party_id, selling_company FROM one ANTI JOIN other USING ({key})"
        wrong = [
            f"{row}: not found" for row in connection.execute(lost.format(key=_KEY)).fetchall()
        ]
        for name in names:
            rows = connection.execute(_UNLIKE.format(key=_KEY, name=name)).fetchall()
            wrong += [f"{party} {seller} {name}: {a} and {b}" for party, seller, a, b in rows]
    return one.figures.num_rows * len(names), wrong


_KEY = ", ".join(KEY)
_UNLIKE = """
SELECT {key}, one."{name}", other."{name}" FROM one JOIN other USING ({key})
WHERE one."{name}" IS DISTINCT FROM other."{name}" ORDER BY ALL
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; exit code 1 when figures differ."""
    parser = argparse.ArgumentParser(prog="scripts/bench engine")
    parser.add_argument("--parties", type=int, default=20_000)
    parties = parser.parse_args(arguments).parties
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.duckdb"
        make_book(path, parties)
        ways = {
            way: _alone(way, path, parties) for way in (by_hand, by_measure, by_engine, by_rows)
        }
    hand, figures, engine, rows = ways.values()
    sample = rows.figures.num_rows
    print(f"{parties:,} parties, {parties * 25:,} invoices, {parties * 10:,} orders")
    for name, was in (("by hand", hand), ("engine, figures", figures), ("engine, all", engine)):
        print(f"{name:20} {was.wall:8.2f} s  {was.processor:8.2f} s CPU  {was.peak:6.0f} MB")
    scaled = rows.wall * parties / sample
    print(f"{'loop over rows':20} {scaled:8.2f} s  (from {sample} parties)")
    print(f"engine, figures : by hand = {figures.processor / hand.processor:.1f} (CPU)")
    print(f"engine, all : by hand = {engine.processor / hand.processor:.1f} (CPU)")
    print(f"loop over rows : engine, figures = {scaled / figures.wall:.1f}")
    compared = [compare(hand, figures), compare(hand, engine), compare(rows, engine)]
    same, wrong = sum(n for n, _ in compared), [line for _, found in compared for line in found]
    print(f"{same - len(wrong):,} of {same:,} figures are the same")
    for line in wrong[:20]:
        print(f"  {line}")
    return 1 if wrong or not same else 0


def _alone(way: Callable[[Path, int], Measured], path: Path, parties: int) -> Measured:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(way, path, parties).result()


if __name__ == "__main__":
    raise SystemExit(main())
