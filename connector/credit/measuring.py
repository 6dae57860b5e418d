"""Metrics alone: figures of the book without limits, flags, reasons and ways back.

The same stages as in a decision, but only those on which the asked metrics rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from connector.credit.binding import bind, empty_inputs
from connector.credit.dialects import DUCKDB, PREFIX
from connector.credit.engine import check_currency, clean_up, compile_program
from connector.credit.facts import Inputs
from connector.credit.metrics.party import KEY
from connector.credit.policy.document import PolicyDoc
from connector.credit.program import Piece, Program, Reading, needed_for, run_statements
from connector.domain.metrics import METRICS


def measure(
    connection: duckdb.DuckDBPyConnection,
    inputs: Inputs,
    policy: PolicyDoc,
    as_of: date,
    metrics: Sequence[str],
    *,
    programs: Path | None = None,
) -> pa.Table:
    """One row a (party, selling company) in scope, in their order: the key and these metrics.

    `connection`, `inputs` and `programs` as for `engine.decide`. Raises ValueError for a name
    that is no metric's, PolicyError when policy and company currency differ, StateError when facts
    are missing.
    """
    unknown = [name for name in metrics if name not in METRICS]
    if unknown:
        raise ValueError(f"no metric has the name {', '.join(unknown)}")
    check_currency(policy, inputs)
    program = compile_program(policy, programs)
    reading = _cut(_of_metrics(program), metrics)
    stages = [reading.spine, *(piece.stage for piece in reading.pieces)]
    bind(connection, inputs, as_of)
    try:
        empty = run_statements(
            connection,
            needed_for(program.verdict, stages),
            keep=stages,
            empty=empty_inputs(connection),
        )
        sheet = f"WITH {reading.written(DUCKDB.mark, empty)} FROM {PREFIX}{reading.sheet}"
        rows = connection.sql(sheet).select(*KEY, *metrics).order(", ".join(KEY))
        return rows.fetch_arrow_table()
    finally:
        clean_up(connection)


def _of_metrics(program: Program) -> Reading:
    """How the statement that puts out all metrics reads the party table."""
    return next(s.reading for s in program.output if s.name == "out_metric" and s.reading)


def _cut(reading: Reading, metrics: Sequence[str]) -> Reading:
    """The keys and only the columns of these metrics."""
    pieces = [_cut_piece(piece, metrics) for piece in reading.pieces]
    columns = tuple(n for n in reading.columns if n in (*KEY, *metrics))
    return replace(reading, columns=columns, pieces=tuple(p for p in pieces if p.columns))


def _cut_piece(piece: Piece, metrics: Sequence[str]) -> Piece:
    return replace(piece, columns=tuple(c for c in piece.columns if c[0] in metrics))
