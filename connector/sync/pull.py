"""Pull: every feed of a connection, from where the last pull ended or broke off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from connector.errors import RedRunError
from connector.logs import get_logger
from connector.mapping.feeds import Feed
from connector.ports.crm import PullRequest
from connector.sync.desk import LEASE_SECONDS, Connection, Desk
from connector.sync.land import FeedReport, Landing
from connector.sync.position import read_feed_position

RENEW_SECONDS = LEASE_SECONDS / 4

Progress = Callable[[str, int, int | None], None]
"""Called with feed, rows so far and rows expected."""


def pull_whole(
    desk: Desk, connection: Connection, progress: Progress | None = None
) -> list[FeedReport]:
    """Pull all feeds of one connection under a fresh lease, and note that it was read."""
    desk.renew_lease()
    feeds = pull_connection(desk, connection, progress)
    desk.store.note_pulled(connection.name, desk.clock.now(), desk.fence)
    return feeds


def pull_connection(
    desk: Desk, connection: Connection, progress: Progress | None = None
) -> list[FeedReport]:
    """Pull and land all feeds of one connection; RedRunError when a feed does not tie."""
    return [_pull_feed(desk, connection, feed, progress) for feed in connection.mapping.feeds]


def _pull_feed(
    desk: Desk, connection: Connection, feed: Feed, progress: Progress | None
) -> FeedReport:
    position = read_feed_position(desk.ledger, connection.name, feed)
    landing = Landing(desk, connection, feed, position)
    request = replace(feed.request(position.at), resume=position.resume)
    take_pages(landing, request, progress)
    report = landing.report
    get_logger(run=desk.run_id).info(
        "feed",
        connection=connection.name,
        feed=feed.name,
        rows=report.records,
        outcome=f"new {report.new}, changed {report.changed}, problems {report.problems}",
    )
    return report


def take_pages(landing: Landing, request: PullRequest, progress: Progress | None = None) -> None:
    """Land all pages of a request under a lease that stays fresh.

    RedRunError when the source ends before its last page, or the counts do not tie.
    """
    desk, name, feed = landing.desk, landing.connection.name, landing.feed.name
    renewed = desk.clock.monotonic()
    for page in landing.connection.adapter.pull(request):
        landing.take(page)
        if progress:
            progress(feed, landing.report.records, page.expected)
        if not landing.ended:
            desk.stop.check()
        if desk.clock.monotonic() - renewed > RENEW_SECONDS:
            desk.renew_lease()
            renewed = desk.clock.monotonic()
    if not landing.ended:
        raise RedRunError(
            "{feed}: the source stopped after {got} records, before its last page.",
            where=name,
            next_step="The cursor stays; run again. If it repeats, check the API user.",
            feed=feed,
            got=landing.report.records,
        )
