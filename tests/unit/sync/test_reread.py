"""Columns that change without moving the stamp: read again at the interval that the feed says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connector.mapping.check import check_mapping
from connector.mapping.feeds import combine
from connector.mapping.load import read_document
from connector.sync.intake import take_in_connection
from connector.sync.land import FeedReport
from connector.sync.position import mark_mapping, read_feed_position
from connector.testing.builders import mapping_text
from tests.unit.sync.workplace import Workplace


def document(interval: str) -> str:
    return mapping_text(feeds={"account": {"reread": interval}} if interval else {})


def take_in(place: Workplace, interval: str = "daily") -> FeedReport:
    place.clock.move(seconds=60)
    place.reconnect(document(interval))
    intake = take_in_connection(place.desk(), place.connection)
    return next(feed for feed in intake.feeds if feed.feed == "account")


def recalculate(place: Workplace, account: str, name: str) -> None:
    """A formula has another result: the record's stamp stays."""
    place.crm._records["Account"][account].values["Name"] = name


def names(place: Workplace) -> list[str]:
    rows = place.ledger.query("SELECT name FROM account_current ORDER BY name").to_pylist()
    return [row["name"] for row in rows]


def settle(place: Workplace, interval: str) -> str:
    """An account that the overlap does not reach back to any more."""
    account = place.crm.add("Account", {"Name": "before"})
    take_in(place, interval)
    place.clock.move(hours=1)
    place.crm.add("Account", {"Name": "other"})
    take_in(place, interval)
    return account


@pytest.mark.parametrize(("interval", "days"), [("daily", 1), ("weekly", 7), ("monthly", 30)])
def test_everything_is_read_again_at_the_interval(
    place: Workplace, interval: str, days: int
) -> None:
    recalculate(place, settle(place, interval), "after")
    place.clock.move(days=days - 1, hours=22)
    take_in(place, interval)
    assert names(place) == ["before", "other"]
    place.clock.move(hours=2)
    report = take_in(place, interval)
    assert names(place) == ["after", "other"]
    assert report.changed == 1
    assert take_in(place, interval).records == 1  # the overlap alone, until it is time again


def test_without_an_interval_it_is_not(place: Workplace) -> None:
    recalculate(place, settle(place, ""), "after")
    place.clock.move(days=99)
    take_in(place, "")
    assert names(place) == ["before", "other"]


def test_deletions_since_are_not_missed(place: Workplace) -> None:
    account = place.crm.add("Account", {"Name": "A"})
    take_in(place)
    place.clock.move(days=2)
    place.crm.delete("Account", account)
    assert take_in(place).deleted == 1
    assert names(place) == []


def test_another_interval_is_no_other_mapping(place: Workplace) -> None:
    marks = []
    for interval in ("", "daily", "weekly"):
        place.reconnect(document(interval))
        feed = place.connection.mapping.feed("account")
        assert feed is not None
        marks.append(mark_mapping(feed))
    assert len(set(marks)) == 1
    take_in(place, "daily")
    feed = place.connection.mapping.feed("account")
    assert feed is not None
    assert read_feed_position(place.ledger, "crm", feed).whole_at is not None


@pytest.mark.parametrize(
    ("feed", "levels"),
    [({}, ["error"]), ({"reread": "daily"}, []), ({"feed": "snapshot"}, [])],
)
def test_a_calculated_column_is_refused_unless_it_is_read_again(
    place: Workplace, feed: dict[str, str], levels: list[str]
) -> None:
    info = place.crm.describe("Account")
    assert info is not None
    fields = {**info.fields, "Name": replace(info.fields["Name"], calculated=True)}
    place.crm.define(replace(info, fields=fields))
    mapping = combine([read_document(mapping_text(feeds={"account": feed}), "memory.yaml")])
    found = [
        f for f in check_mapping(mapping, place.crm.describe)
        if f.where.endswith("account.fields.name") and f.level != "ok"
    ]  # fmt: skip
    assert [f.level for f in found] == levels
    if levels:
        assert "is calculated" in found[0].sentence()
        assert "reread: daily" in found[0].sentence()


@pytest.mark.parametrize(("feed", "levels"), [({}, ["warning"]), ({"reread": "weekly"}, [])])
def test_a_column_of_a_parent_is_warned_of(
    place: Workplace, feed: dict[str, str], levels: list[str]
) -> None:
    info = place.crm.describe("Account")
    assert info is not None
    owner = replace(info.fields["OwnerId"], relationship="Owner", refers_to=("User",))
    place.crm.define(replace(info, fields={**info.fields, "OwnerId": owner}))
    told = json.loads(mapping_text(feeds={"account": feed}))
    told["entities"]["account"]["fields"]["region"] = "Owner.Name"
    mapping = combine([read_document(json.dumps(told), "memory.yaml")])
    found = [
        f for f in check_mapping(mapping, place.crm.describe)
        if f.where.endswith("account.fields.region") and f.level != "ok"
    ]  # fmt: skip
    assert [f.level for f in found] == levels
    assert all("belongs to a parent record" in f.sentence() for f in found)
