"""Copies for readers: immutable, never in the way, never half written."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from connector.domain.decision import DECISION_TABLES
from connector.errors import StateError
from connector.ledger import Ledger, open_snapshot
from connector.ports.facts import table_schema
from connector.ports.store import LINK_SCHEMA
from tests.unit.ledger.batches import land, table, to


def copies(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.duckdb*"))


def test_before_the_first_copy_a_reader_is_told_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"no copy.*`creditflag run`"):
        open_snapshot(tmp_path)


def test_a_reader_keeps_its_copy_while_later_ones_are_published(
    ledger: Ledger, tmp_path: Path
) -> None:
    folder = tmp_path / "readers"
    land(ledger, "account", {"id": "A", "name": "then"})
    ledger.publish(folder)
    with open_snapshot(folder) as reader:
        for name in ("later", "later still", "now"):
            land(ledger, "account", {"id": "A", "name": name})
            ledger.publish(folder)
        assert reader.query("SELECT name FROM account_current")["name"].to_pylist() == ["then"]
        assert (reader.last_seq, reader.ledger_id) == (1, ledger.ledger_id)
    with open_snapshot(folder) as reader:
        found = reader.query("SELECT name FROM account_current WHERE id = $id", {"id": "A"})
        assert found["name"].to_pylist() == ["now"]
        assert reader.last_seq == 4
    assert copies(folder) == ["snapshot-3-3.duckdb", "snapshot-4-4.duckdb"]


def test_a_copy_cannot_be_written(ledger: Ledger, tmp_path: Path) -> None:
    ledger.publish(tmp_path / "readers")
    with (
        open_snapshot(tmp_path / "readers") as reader,
        pytest.raises(Exception, match="read-only"),
    ):
        reader.query("DELETE FROM account_current")


def test_a_copy_holds_the_linked_views(ledger: Ledger, tmp_path: Path) -> None:
    land(ledger, "account", {"id": "A"})
    land(ledger, "invoice", {"id": "1", **to("A")})
    land(ledger, "order", {"id": "1", **to("A"), "amount": 5})
    ledger.relink(LINK_SCHEMA.empty_table(), {}, "run-1")
    ledger.publish(tmp_path / "readers")
    with open_snapshot(tmp_path / "readers") as reader:
        found = reader.query('SELECT party_id, uninvoiced FROM linked."order"').to_pylist()
        assert [row["party_id"] for row in found] == ["acc:crm:A"]
        assert reader.query("SELECT id FROM linked.invoice")["id"].to_pylist() == ["1"]


def test_a_copy_that_was_broken_off_is_never_pointed_to_and_is_cleared_away(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "readers"
    land(ledger, "account", {"id": "A"})
    ledger.publish(folder)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    land(ledger, "account", {"id": "B"})
    with monkeypatch.context() as patch:
        patch.setattr("connector.ledger.snapshot._sync", fail)
        with pytest.raises(StateError, match="disk full"):
            ledger.publish(folder)
    with open_snapshot(folder) as reader:
        assert reader.last_seq == 1
    ledger.publish(folder)
    ledger.publish(folder)
    assert copies(folder) == ["snapshot-2-3.duckdb", "snapshot-2-4.duckdb"]


@pytest.mark.parametrize(
    "pointer",
    ["{", "[]", '{"file": "../ledger.duckdb", "seq": 1, "ledger_id": "x"}', '{"file": 3}'],
)
def test_an_unreadable_pointer_is_a_sentence(tmp_path: Path, pointer: str) -> None:
    (tmp_path / "snapshot.json").write_text(pointer)
    with pytest.raises(StateError, match=r"pointer.*unreadable"):
        open_snapshot(tmp_path)


def test_a_missing_copy_is_a_sentence(tmp_path: Path) -> None:
    named = {"file": "snapshot-1-1.duckdb", "seq": 1, "ledger_id": "x"}
    (tmp_path / "snapshot.json").write_text(json.dumps(named))
    with pytest.raises(StateError, match="cannot be opened"):
        open_snapshot(tmp_path)


def flags(*parties: str) -> dict[str, pa.Table]:
    records = [
        {"party_id": p, "selling_company": "", "code": "over_limit", "severity": 3, "params": "{}"}
        for p in parties
    ]
    return {"flag": table(table_schema(DECISION_TABLES["flag"]), *records)}


def test_decision_history_grows_by_run_and_a_repeated_run_replaces_its_own(ledger: Ledger) -> None:
    ledger.keep_decisions("run-1", flags("P", "Q"))
    ledger.keep_decisions("run-2", flags("P"))
    ledger.keep_decisions("run-2", flags("P", "R"))
    kept = ledger.query("SELECT run_id, party_id FROM flag_history ORDER BY ALL").to_pylist()
    assert [tuple(row.values()) for row in kept] == [
        ("run-1", "P"),
        ("run-1", "Q"),
        ("run-2", "P"),
        ("run-2", "R"),
    ]
    with pytest.raises(KeyError):
        ledger.keep_decisions("run-3", {**flags("P"), "nonsense": flags("P")["flag"]})
    assert ledger.query("SELECT * FROM flag_history WHERE run_id = 'run-3'").num_rows == 0
