"""Rows, versions and cursors: what a landing leaves, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connector.ledger import Ledger
from connector.ports.facts import LandResult
from tests.unit.ledger.batches import batch, current, history, land, rows, stamp, to


def test_landing_the_same_batch_again_changes_nothing(ledger: Ledger) -> None:
    same = batch("account", {"id": "A", "stamp": stamp(1)}, {"id": "B", "stamp": stamp(1)})
    assert ledger.land(same) == LandResult(seq=1, new=2)
    before = current(ledger, "account", "id", "seq"), history(ledger, "account", "id", "seq")
    assert ledger.land(same) == LandResult(seq=2, re_read=2)
    assert (current(ledger, "account", "id", "seq"), history(ledger, "account", "id", "seq")) == (
        before
    )
    assert not ledger.dirty_since(1)
    assert ledger.dirty_since(0)


def test_a_change_makes_a_version_and_keeps_the_old_one(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "A", "name": "Old", "stamp": stamp(1)})
    result = land(ledger, "account", {"id": "A", "name": "New", "stamp": stamp(2)})
    assert (result.new, result.changed) == (0, 1)
    assert current(ledger, "account", "name", "seq") == [("New", 2)]
    assert history(ledger, "account", "name", "op") == [("Old", "put"), ("New", "put")]


def test_an_older_stamp_never_replaces_a_newer_one(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "A", "name": "New", "stamp": stamp(5)})
    late = land(ledger, "account", {"id": "A", "name": "Old", "stamp": stamp(4)})
    assert late == LandResult(seq=2, re_read=1)
    assert current(ledger, "account", "name") == [("New",)]


def test_a_later_stamp_alone_is_no_version_but_guards_against_late_pages(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "A", "name": "Same", "stamp": stamp(1)})
    touched = land(ledger, "account", {"id": "A", "name": "Same", "stamp": stamp(9)})
    assert touched == LandResult(seq=2, re_read=1)
    assert not ledger.dirty_since(1)
    land(ledger, "account", {"id": "A", "name": "Late", "stamp": stamp(5)})
    assert current(ledger, "account", "name") == [("Same",)]
    assert len(history(ledger, "account", "id")) == 1


def test_rows_of_the_same_second_replace_each_other_in_the_order_they_come(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "A", "name": "First", "stamp": stamp(1)})
    land(ledger, "account", {"id": "A", "name": "Second", "stamp": stamp(1)})
    assert current(ledger, "account", "name") == [("Second",)]


def test_within_a_batch_the_latest_stamp_wins_then_the_last_row(ledger: Ledger) -> None:
    result = land(
        ledger,
        "account",
        {"id": "A", "name": "late stamp", "stamp": stamp(3)},
        {"id": "A", "name": "early stamp", "stamp": stamp(2)},
        {"id": "B", "name": "first", "stamp": stamp(1)},
        {"id": "B", "name": "last", "stamp": stamp(1)},
        {"id": "C", "name": "no stamp"},
        {"id": "C", "name": "no stamp"},
    )
    assert (result.new, result.re_read) == (3, 3)
    assert current(ledger, "account", "id", "name") == [
        ("A", "late stamp"),
        ("B", "last"),
        ("C", "no stamp"),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "ab", "account_number": "c"}, {"name": "a", "account_number": "bc"}),
        ({"name": 'x","y'}, {"name": "x", "account_number": "y"}),
        ({"name": "x", "industry": ""}, {"name": "x", "industry": None}),
        ({"terms_days": 0}, {"terms_days": None}),
        ({"own_group": False}, {"own_group": None}),
    ],
)
def test_contents_that_look_alike_are_told_apart(ledger: Ledger, one: dict, other: dict) -> None:
    land(ledger, "account", {"id": "A", **one})
    assert land(ledger, "account", {"id": "A", **other}).changed == 1


def test_connections_keep_their_own_records(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "1", "name": "Ours"})
    land(ledger, "account", {"id": "1", "name": "Theirs"}, connection="erp")
    assert ledger.counts() == {("crm", "account"): 1, ("erp", "account"): 1}


def test_money_and_dates_come_back_to_the_cent(ledger: Ledger) -> None:
    amount = Decimal("12345678901234.5678")
    land(ledger, "invoice", {"id": "1", **to("A"), "amount": amount})
    assert current(ledger, "invoice", "amount", "open_amount") == [(amount, None)]


def test_a_row_without_an_id_is_our_bug_and_lands_nothing(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="without an id"):
        land(ledger, "account", {"id": "A"}, {"id": None})
    assert ledger.counts() == {}
    assert ledger.last_seq == 0
    assert land(ledger, "account", {"id": "A"}).new == 1


def test_known_at_is_utc_and_assumed_history_is_dated_by_its_documents(ledger: Ledger) -> None:
    zoned = datetime.fromisoformat("2025-07-01T02:00:00+08:00")
    land(ledger, "account", {"id": "A"}, known_at=zoned)
    assert current(ledger, "account", "known_at", "known_basis") == [
        (datetime(2025, 6, 30, 18), "observed")
    ]
    known = datetime(2025, 7, 1, tzinfo=UTC)
    past = {"id": "1", **to("A"), "amount": Decimal(5), "value_date": date(2025, 3, 10)}
    ahead = {**past, "id": "2", "value_date": date(2025, 8, 1)}
    land(ledger, "payment", past, ahead, known_at=known, known_basis="assumed")
    assert current(ledger, "payment", "id", "known_at", "known_basis") == [
        ("1", datetime(2025, 3, 11), "assumed"),
        ("2", datetime(2025, 7, 1), "assumed"),
    ]


def test_the_cursor_moves_only_when_the_batch_says_so(ledger: Ledger) -> None:
    assert ledger.cursor("crm", "account") is None
    land(ledger, "account", {"id": "A"}, cursor="one")
    land(ledger, "account", {"id": "B"})
    assert ledger.cursor("crm", "account") == "one"
    land(ledger, "account", cursor="two")
    assert ledger.cursor("crm", "account") == "two"
    assert ledger.cursor("crm", "invoice") is None


_DIE = """
import os, sys
from pathlib import Path
from connector.ledger import Ledger, ledger as writer
from tests.unit.ledger.batches import land

with Ledger.open(Path(sys.argv[1])) as opened:
    land(opened, "account", {"id": "A", "name": "kept"}, cursor="one")
    if sys.argv[2] == "before-commit":
        writer.Ledger._note_landing = lambda *_: os._exit(9)
    land(opened, "account", {"id": "A", "name": "changed"}, {"id": "B"}, cursor="two")
    os._exit(9)
"""


@pytest.mark.parametrize(
    ("when", "names", "cursor", "seq"),
    [
        ("before-commit", ["kept"], "one", 1),
        ("after-commit", ["Somebody", "changed"], "two", 2),
    ],
)
def test_rows_and_cursor_survive_a_crash_together_or_not_at_all(
    tmp_path: Path, when: str, names: list[str], cursor: str, seq: int
) -> None:
    died = subprocess.run(
        [sys.executable, "-W", "error", "-c", _DIE, str(tmp_path), when], check=False
    )
    assert died.returncode == 9
    with Ledger.open(tmp_path) as ledger:
        assert [name for (name,) in current(ledger, "account", "name")] == names
        assert ledger.cursor("crm", "account") == cursor
        assert ledger.last_seq == seq
        assert land(ledger, "account", {"id": "A", "name": "changed"}).seq == seq + 1


def test_a_landing_that_fails_midway_leaves_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("connector.ledger.ledger.land_problems", fail)
        with pytest.raises(RuntimeError, match="power cut"):
            land(ledger, "account", {"id": "A"}, cursor="one")
    assert ledger.counts() == {}
    assert ledger.cursor("crm", "account") is None
    assert land(ledger, "account", {"id": "A"}, cursor="one").seq == 1


def test_queries_see_the_tables_they_are_given_and_no_variable_of_ours(ledger: Ledger) -> None:
    given = rows("account", {"id": "A"})
    found = ledger.query("SELECT id, $x AS x FROM given", {"x": 3}, {"given": given})
    assert found.to_pylist() == [{"id": "A", "x": 3}]
    with pytest.raises(Exception, match="given"):
        ledger.query("SELECT id FROM given")
