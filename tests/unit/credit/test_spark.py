"""The same expressions over Spark Connect agree with DuckDB to the cent, and on every word."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connector.credit.engine import decide
from connector.credit.policy.document import shipped_policy
from connector.credit.policy.lint import load_policy
from connector.credit.spark import decide_on_spark, open_session
from connector.domain.decision import DECISION_TABLES
from connector.errors import StateError
from scripts.benches.book import AS_OF, CURRENCY, fill_book

PARTIES = int(os.environ.get("CREDITFLAG_SPARK_PARTIES", "300"))
"""Parties of the sample; `scripts/bench spark` compares 20,000."""


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """A session on a Spark Connect server in this process."""
    server_of = pytest.importorskip("pysail.spark", reason="pysail is not installed")
    server = server_of.SparkConnectServer()
    server.start(background=True)
    _, port = server.listening_address
    opened = open_session(f"sc://127.0.0.1:{port}")
    yield opened
    opened.stop()
    server.stop()


def ordered(table: pa.Table) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in table.column_names])


def test_spark_decides_like_duckdb(session: Any, tmp_path: Path) -> None:
    policy = load_policy(shipped_policy())
    connection, inputs = fill_book(PARTIES)
    here = decide(connection, inputs, policy, AS_OF, "r")
    there = decide_on_spark(connection, inputs, policy, AS_OF, "r", session, tmp_path)
    assert here.tables["decision"].num_rows >= PARTIES
    assert set(here.tables["flag"]["code"].to_pylist()) > {"oldest_overdue"}
    for name in DECISION_TABLES:
        assert ordered(there.tables[name]).equals(ordered(here.tables[name])), name
    assert ordered(there.receivables).equals(ordered(here.receivables))
    assert there.coverage == here.coverage
    assert inputs.currency == CURRENCY


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(StateError, match="No Spark Connect server answers") as caught:
        open_session("sc://127.0.0.1:1/;user_id=nobody")
    assert caught.value.where == "sc://127.0.0.1:1/;user_id=nobody"
