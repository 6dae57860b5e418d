"""A run of the credit engine on those whose facts changed against a run on all.

    scripts/bench changed [--parties N]

The book is that of `scripts/bench engine`, where every customer belongs to a group of five. One in
a hundred customers changed: once whole groups, once each in a group of its own, so that five in a
hundred are decided on. Each run is made in a process of its own; compiling is not measured. What is
decided has to be the same in every cell. Printed are processor time and the ratios of this run; a
small book shows what planning some hundred statements costs, whatever they read.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connector.credit.binding import whole_groups
from connector.credit.engine import compile_program, decide
from connector.credit.facts import Inputs, Rest
from connector.credit.policy.document import shipped_policy
from connector.credit.policy.lint import load_policy
from connector.domain.decision import TOTAL
from scripts.benches.book import AS_OF, CURRENCY
from scripts.benches.engine import make_book

EVERY = 100
_LIMITS = ("SET enable_progress_bar = false", "SET threads = 1", "SET memory_limit = '1500MB'")


@dataclass(frozen=True)
class Took:
    """Processor seconds of a run, parties decided on, and tables that differ."""

    processor: float
    parties: int
    wrong: tuple[str, ...] = ()


def decide_on_all(path: Path) -> Took:
    """A run on everybody; its tables are left beside the book, for the others to compare with."""
    took, tables = _decide(path, Inputs(CURRENCY), None)
    for name, table in tables.items():
        pq.write_table(table, path.with_suffix(f".{name}"))
    return took


def decide_on_some(path: Path, parties: int, grouped: bool) -> Took:
    """A run on one customer in a hundred, and the rest of their groups."""
    size = 5 if grouped else 1
    named = [f"P{n}" for n in range(parties) if n % (EVERY * size) < size]
    among = pa.table({"party_id": named})
    with duckdb.connect(str(path), read_only=True) as connection:
        part = whole_groups(connection, among)
    rest = _rest_of(path, part)
    took, tables = _decide(path, replace(Inputs(CURRENCY), rest=rest), among)
    wrong = tuple(name for name, t in tables.items() if not t.equals(_read(path, name, part)))
    return replace(took, parties=part.num_rows, wrong=wrong)


def _decide(
    path: Path, inputs: Inputs, among: pa.Table | None
) -> tuple[Took, Mapping[str, pa.Table]]:
    policy = load_policy(shipped_policy())
    compile_program(policy)
    with duckdb.connect(str(path), read_only=True) as connection:
        for limit in (*_LIMITS, f"SET temp_directory = '{path.parent / 'spill'}'"):
            connection.execute(limit)
        began = time.process_time()
        decided = decide(connection, inputs, policy, AS_OF, "bench", among=among)
        ended = time.process_time()
    return Took(ended - began, decided.coverage.parties), decided.tables


def _read(path: Path, name: str, part: pa.Table, inside: bool = True) -> pa.Table:
    table = pq.read_table(path.with_suffix(f".{name}"))
    found = pc.is_in(table["party_id"], value_set=part["party_id"].combine_chunks())
    return table.filter(found if inside else pc.invert(found))


def _rest_of(path: Path, part: pa.Table) -> Rest:
    """What all others come to by the run on everybody."""
    sums = []
    for name, column in (("decision", "net_exposure"), ("metric", "sales_year")):
        table = _read(path, name, part, inside=False)
        whole = table.filter(pc.equal(table["selling_company"], TOTAL))[column]
        positive = whole.filter(pc.fill_null(pc.greater(whole, Decimal(0)), False))
        sums.append((pc.sum(positive).as_py() or Decimal(0), len(positive)))
    (owed, names), (sold, _) = sums
    return Rest(owed, names, sold)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; exit code 1 when a decision is another one."""
    parser = argparse.ArgumentParser(prog="scripts/bench changed")
    parser.add_argument("--parties", type=int, default=20_000)
    parties = parser.parse_args(arguments).parties
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.duckdb"
        make_book(path, parties)
        full = _alone(decide_on_all, path)
        some = {
            "1 % changed, whole groups": _alone(decide_on_some, path, parties, True),
            "1 % changed, one of a group": _alone(decide_on_some, path, parties, False),
        }
    print(f"{parties:,} parties, {parties * 25:,} invoices")
    for name, took in {"all": full, **some}.items():
        print(f"{name:28} {took.parties:>8,} decided on  {took.processor:8.2f} s CPU")
    for name, took in some.items():
        print(f"{name}: partial : full = {took.processor / full.processor:.3f}")
    wrong = sorted({table for took in some.values() for table in took.wrong})
    print(f"not the same: {', '.join(wrong)}" if wrong else "the same in every cell")
    return 1 if wrong else 0


def _alone(way: Callable[..., Took], *given: object) -> Took:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(way, *given).result()


if __name__ == "__main__":
    raise SystemExit(main())
