"""Pull: every feed of a connection, from where the last pull ended or broke off."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace
from datetime import timedelta

from connector.errors import RedRunError
from connector.logs import get_logger
from connector.mapping.feeds import Feed
from connector.ports.crm import PullRequest
from connector.sync.desk import Connection, Desk
from connector.sync.land import FeedReport, Landing, keep_position
from connector.sync.position import FeedPosition, read_feed_position

Progress = Callable[[str, int, int | None], None]
"""Called with feed, rows so far and rows expected."""


REREAD_DAYS = {"daily": 1, "weekly": 7, "monthly": 30}


def pull_connection(
    desk: Desk,
    connection: Connection,
    progress: Progress | None = None,
    leave_out: Container[str] = (),
) -> list[FeedReport]:
    """Pull and land all feeds of one connection but those to leave out; RedRunError when a feed
    does not tie."""
    return [
        _pull_feed(desk, connection, feed, progress)
        for feed in connection.mapping.feeds
        if feed.name not in leave_out
    ]


def _pull_feed(
    desk: Desk, connection: Connection, feed: Feed, progress: Progress | None
) -> FeedReport:
    position = read_feed_position(desk.ledger, connection.name, feed)
    landing = Landing(desk, connection, feed, position)
    request = replace(feed.request(position.at), resume=position.resume)
    take_pages(landing, request, progress)
    report = landing.report
    if _is_reread_due(desk, feed, position):
        _read_again(desk, landing, progress)
    get_logger(run=desk.run_id).info(
        "feed",
        connection=connection.name,
        feed=feed.name,
        rows=report.records,
        outcome=f"new {report.new}, changed {report.changed}, problems {report.problems}",
    )
    return report


def _is_reread_due(desk: Desk, feed: Feed, position: FeedPosition) -> bool:
    """Whether all rows are to be read again, because some columns change without moving the stamp.

    A reading of everything has just done so.
    """
    days = REREAD_DAYS.get(feed.doc.reread)
    if days is None or feed.snapshot or position.at is None:
        return False
    known = position.whole_at
    return known is None or desk.clock.now() - known >= timedelta(days=days)


def _read_again(desk: Desk, landing: Landing, progress: Progress | None) -> None:
    """Read the whole feed beside its changes; its report is added to the landing's.

    The cursor stays, so that deletions since are not missed; an unchanged row is no news.
    """
    feed, connection = landing.feed, landing.connection
    again = Landing(desk, connection, feed, landing.position, aside=True)
    take_pages(again, feed.request(None), progress)
    landing.report.include(again.report)
    position = replace(landing.position, whole_at=desk.clock.now())
    keep_position(desk, connection.name, feed, position)


def take_pages(
    landing: Landing,
    request: PullRequest,
    progress: Progress | None = None,
    seen: set[str] | None = None,
) -> None:
    """Land all pages of a request under a lease that stays fresh; their ids go into `seen`.

    RedRunError when the source ends before its last page, or the counts do not tie.
    """
    desk, name, feed = landing.desk, landing.connection.name, landing.feed.name
    for page in landing.connection.adapter.pull(request):
        landing.take(page)
        if progress:
            progress(feed, landing.report.records, page.expected)
        if not landing.ended:
            desk.stop.check()
        if seen is not None:
            seen.update(landing.last_ids)
        desk.keep_lease()
    if not landing.ended:
        raise RedRunError(
            "{feed}: the source stopped after {got} records, before its last page.",
            where=name,
            next_step="The cursor stays; run again. If it repeats, check the API user.",
            feed=feed,
            got=landing.report.records,
        )
