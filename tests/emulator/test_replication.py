"""getUpdated and getDeleted: windows, what they cover, what they refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def clocked(org):
    """An org at noon of a frozen day; signed in again because its clock was moved."""
    org.control.set_clock(NOON, frozen=True)
    org.sign_in()
    return org


def ask(org, which: str, start: datetime, end: datetime, name: str = "Account"):
    params = {"start": start.isoformat(), "end": end.isoformat()}
    return org.call("GET", f"/sobjects/{name}/{which}/", params=params)


def test_updated_names_what_changed_within_the_window(clocked):
    org = clocked
    old = org.create("Account", Name="Old")
    org.control.advance(3600)
    new = org.create("Account", Name="New")
    gone = org.create("Account", Name="Gone")
    org.control.remove("Account", [gone])
    org.control.advance(3600)
    body = ask(org, "updated", NOON + timedelta(minutes=30), NOON + timedelta(hours=3)).json()
    assert body == {"ids": [new], "latestDateCovered": "2026-03-02T14:00:00.000+0000"}
    org.control.edit("Account", old, {"Site": "S"})
    org.control.advance(60)
    again = ask(org, "updated", NOON + timedelta(hours=2), NOON + timedelta(hours=3)).json()
    assert again["ids"] == [old]


def test_what_is_not_committed_is_not_covered(clocked):
    org = clocked
    one = org.create("Account", Name="Acme")
    org.control.advance(600)
    org.control.edit("Account", one, {"Site": "S"}, late="manual")
    org.control.advance(1200)
    window = (NOON + timedelta(minutes=5), NOON + timedelta(minutes=30))
    body = ask(org, "updated", *window).json()
    assert body == {"ids": [], "latestDateCovered": "2026-03-02T12:10:00.000+0000"}
    org.control.release()
    assert ask(org, "updated", *window).json() == {
        "ids": [one],
        "latestDateCovered": "2026-03-02T12:30:00.000+0000",
    }


def test_deleted_names_bin_purge_and_merge(clocked):
    org = clocked
    soft, hard, master, loser, kept = (org.create("Account", Name=n) for n in "SHMLK")
    org.control.advance(60)
    org.control.remove("Account", [soft, hard])
    org.control.remove("Account", [hard], "hard")
    org.control.merge("Account", master, [loser])
    org.control.advance(120)
    body = ask(org, "deleted", NOON, NOON + timedelta(minutes=3)).json()
    assert {entry["id"] for entry in body["deletedRecords"]} == {soft, hard, loser}
    assert {entry["deletedDate"] for entry in body["deletedRecords"]} == {
        "2026-03-02T12:01:00.000+0000"
    }
    assert body["earliestDateAvailable"] == "2026-02-15T12:03:00.000+0000"
    org.control.remove("Account", [soft], "undelete")
    left = ask(org, "deleted", NOON, NOON + timedelta(minutes=3)).json()["deletedRecords"]
    assert soft not in {entry["id"] for entry in left}
    assert kept not in {entry["id"] for entry in left}


def test_a_purged_log_says_from_when_it_is_complete(clocked):
    org = clocked
    one = org.create("Account", Name="Acme")
    org.control.remove("Account", [one], "hard")
    org.control.advance(3600)
    later = (NOON + timedelta(hours=1)).isoformat()
    assert org.control.ask("POST", "deletions/purge", {"before": later}) == {"forgotten": 1}
    body = ask(org, "deleted", NOON, NOON + timedelta(hours=1)).json()
    assert body["deletedRecords"] == []
    assert body["earliestDateAvailable"] == "2026-03-02T13:00:00.000+0000"


@pytest.mark.parametrize(
    ("which", "start", "end"),
    [
        ("updated", NOON, NOON),
        ("updated", NOON, NOON + timedelta(seconds=59)),
        ("updated", NOON, NOON - timedelta(hours=1)),
        ("updated", NOON - timedelta(days=31), NOON),
        ("deleted", NOON - timedelta(days=16), NOON),
        ("updated", NOON + timedelta(hours=1), NOON + timedelta(hours=2)),
    ],
)
def test_windows_that_are_refused(clocked, which, start, end):
    answer = ask(clocked, which, start, end)
    assert clocked.error(answer, 400)["errorCode"] == "INVALID_REPLICATION_DATE"


def test_times_need_a_zone_and_objects_must_be(clocked):
    for text in ("2026-03-02T11:00:00", "yesterday", ""):
        answer = clocked.call(
            "GET", "/sobjects/Account/updated", params={"start": text, "end": NOON.isoformat()}
        )
        assert clocked.error(answer, 400)["errorCode"] == "INVALID_REPLICATION_DATE"
    answer = ask(clocked, "updated", NOON - timedelta(hours=1), NOON, "Nothing")
    assert answer.status_code == 404
