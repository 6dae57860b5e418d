"""The same expressions over Spark Connect agree with DuckDB to the cent, and on every word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.credit.engine import decide
from connector.credit.policy.document import shipped_policy
from connector.credit.policy.lint import load_policy
from connector.credit.spark import Cluster, open_session
from connector.errors import StateError
from scripts.benches.book import AS_OF, fill_book
from scripts.benches.spark import differing

PARTIES = 60
"""Parties of the sample; `scripts/bench spark` compares 20,000."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Address of a Spark Connect server in this process."""
    sail = pytest.importorskip("pysail.spark", reason="pysail is not installed")
    server = sail.SparkConnectServer()
    server.start(background=True)
    yield f"sc://127.0.0.1:{server.listening_address[1]}"
    server.stop()


def test_spark_decides_like_duckdb(address: str, tmp_path: Path) -> None:
    policy = load_policy(shipped_policy())
    connection, inputs = fill_book(PARTIES)
    here = decide(connection, inputs, policy, AS_OF, "r")
    there = Cluster(address, tmp_path).decide(connection, inputs, policy, AS_OF, "r")
    assert here.tables["decision"].num_rows >= PARTIES
    assert set(here.tables["flag"]["code"].to_pylist()) > {"oldest_overdue"}
    assert differing(here, there) == []
    assert not list(tmp_path.iterdir()), "what was handed over is deleted"


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(StateError, match="No Spark Connect server answers") as caught:
        open_session("sc://127.0.0.1:1/;user_id=nobody")
    assert caught.value.where == "sc://127.0.0.1:1/;user_id=nobody"


def test_a_folder_that_is_not_there_is_named(address: str, tmp_path: Path) -> None:
    policy = load_policy(shipped_policy())
    connection, inputs = fill_book(1)
    with pytest.raises(StateError, match="folder shared with Spark cannot be used"):
        Cluster(address, tmp_path / "gone").decide(connection, inputs, policy, AS_OF, "r")
