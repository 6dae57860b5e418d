"""A reading that breaks off: its place lands with each page, and the next pull goes on from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from connector.errors import RedRunError
from connector.ports.crm import Page, PullRequest
from connector.sync.land import Landing
from connector.sync.position import FeedPosition, read_feed_position
from connector.sync.pull import pull_connection, take_pages
from connector.testing.faults import Trouble
from tests.unit.sync.workplace import Workplace

OpenWorkplace = Callable[..., Workplace]


@pytest.fixture
def place(workplaces: OpenWorkplace) -> Workplace:
    made = workplaces(page_size=2)
    made.crm.resumes = True
    for name in "ABCDE":
        made.crm.add("Account", {"Name": name})
    made.clock.move(seconds=60)
    return made


def names(place: Workplace) -> str:
    rows = place.ledger.query("SELECT name FROM account_current ORDER BY name").to_pylist()
    return "".join(row["name"] for row in rows)


def position(place: Workplace) -> FeedPosition:
    feed = place.connection.mapping.feed("account")
    assert feed is not None
    return read_feed_position(place.ledger, "crm", feed)


def break_off(place: Workplace, after: int) -> None:
    """Land some pages of the accounts, then end as a killed process would."""
    feed = place.connection.mapping.feed("account")
    assert feed is not None
    landing = Landing(place.desk(), place.connection, feed, position(place))
    pages: Iterator[Page] = place.crm.pull(feed.request(None))
    for _ in range(after):
        landing.take(next(pages))


def test_the_place_lands_with_each_page_and_ends_with_the_cursor(place: Workplace) -> None:
    break_off(place, 2)
    assert names(place) == "ABCD"
    assert position(place).resume == "4"
    assert position(place).at is None
    pull_connection(place.desk(), place.connection)
    assert names(place) == "ABCDE"
    assert position(place).resume is None
    assert position(place).at is not None


def test_only_the_rest_is_read(place: Workplace) -> None:
    break_off(place, 2)
    reports = {r.feed: r for r in pull_connection(place.desk(), place.connection)}
    assert (reports["account"].records, reports["account"].new) == (1, 1)


def test_another_mapping_begins_anew(place: Workplace) -> None:
    break_off(place, 2)
    feed = place.connection.mapping.feed("account")
    assert feed is not None
    place.crm.page_size = 10
    landing = Landing(place.desk(), place.connection, feed, FeedPosition("another"))
    take_pages(landing, PullRequest("Account", feed.paths))
    assert landing.report.records == 5


def test_counts_that_do_not_tie_begin_anew(place: Workplace) -> None:
    """Goes red when the place is kept: the page that came short lies before it."""
    place.crm.fail("pull", Trouble.MISCOUNT)
    with pytest.raises(RedRunError):
        pull_connection(place.desk(), place.connection)
    assert names(place) == "ABCD"
    assert position(place).resume is None
    reports = {r.feed: r for r in pull_connection(place.desk(), place.connection)}
    assert reports["account"].records == 5
    assert names(place) == "ABCDE"


def test_a_page_that_says_nothing_new_does_not_land(place: Workplace) -> None:
    break_off(place, 1)
    feed = place.connection.mapping.feed("account")
    assert feed is not None
    landing = Landing(place.desk(), place.connection, feed, position(place))
    seq = place.ledger.last_seq
    landing.take(Page((), resume="2"))
    assert place.ledger.last_seq == seq
    landing.take(Page((), resume="3"))
    assert position(place).resume == "3"
