"""Decisions over Spark Connect against DuckDB: the same book, every table compared cell by cell.

    scripts/bench spark [PARTIES] [ADDRESS]

20,000 parties unless told otherwise. Without an address, a Sail server is started in this process.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from connector.credit.dialects import SPARK
from connector.credit.engine import Decided, compile_program, decide
from connector.credit.policy.document import shipped_policy
from connector.credit.policy.lint import load_policy
from connector.credit.spark import Cluster
from scripts.benches.book import AS_OF, fill_book

PARTIES = 20_000


def differing(one: Decided, other: Decided) -> list[str]:
    """Names of what the two do not agree on, in any cell; empty when they agree."""
    pairs = {
        **{name: (table, other.tables[name]) for name, table in one.tables.items()},
        **{name: (table, other.portfolio[name]) for name, table in one.portfolio.items()},
        "receivables": (one.receivables, other.receivables),
    }
    found = [name for name, (a, b) in pairs.items() if not _ordered(a).equals(_ordered(b))]
    return [*found, *(["coverage"] if one.coverage != other.coverage else [])]


def apart_in(one: pa.Table, other: pa.Table) -> list[str]:
    """The columns in which two tables of the same rows differ, with the first pair that does."""
    a, b = (_by_key(table) for table in (one, other))
    if a.num_rows != b.num_rows:
        return [f"{a.num_rows} rows and {b.num_rows}"]
    found = []
    for name in a.column_names:
        pairs = zip(a[name].to_pylist(), b[name].to_pylist(), strict=True)
        differing = [pair for pair in pairs if pair[0] != pair[1]]
        if differing:
            found.append(f"{name}: {len(differing)} cells, such as {differing[0]}")
    return found


def _by_key(table: pa.Table) -> pa.Table:
    keys = [name for name in ("party_id", "selling_company") if name in table.column_names]
    return table.sort_by([(name, "ascending") for name in keys]) if keys else _ordered(table)


def _ordered(table: pa.Table) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in table.column_names]).combine_chunks()


def main(arguments: Sequence[str]) -> int:
    """Compute twice, compare, print; 1 when the two differ."""
    parties = int(arguments[0]) if arguments else PARTIES
    policy = load_policy(shipped_policy())
    compile_program(policy)
    compile_program(policy, dialect=SPARK)
    connection, inputs = fill_book(parties)
    began = time.monotonic()
    here = decide(connection, inputs, policy, AS_OF, "bench")
    between = time.monotonic()
    with _address(arguments[1:]) as address, tempfile.TemporaryDirectory() as folder:
        there = Cluster(address, Path(folder)).decide(connection, inputs, policy, AS_OF, "bench")
    ended = time.monotonic()
    apart = differing(here, there)
    for name, table in (*here.tables.items(), *here.portfolio.items()):
        state = "differs" if name in apart else "equal"
        print(f"{name:<16}{table.num_rows:>10} rows  {state}")
    for name in apart:
        if name in here.tables:
            print(*apart_in(here.tables[name], there.tables[name]), sep="\n")
    ours, theirs = between - began, ended - between
    print(f"{parties} parties: DuckDB {ours:.1f} s, Spark {theirs:.1f} s ({theirs / ours:.1f} x)")
    print("not the same: " + ", ".join(apart) if apart else "the same in every cell")
    return 1 if apart else 0


@contextmanager
def _address(given: Sequence[str]) -> Iterator[str]:
    """The address given, or that of a server of our own that ends with us."""
    if given:
        yield given[0]
        return
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer()
    server.start(background=True)
    try:
        yield f"sc://127.0.0.1:{server.listening_address[1]}"
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
