"""Pull: every feed of a connection, from where the last pull ended.

A changed mapping reads everything again: what was not asked for before has never been seen.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from connector.domain.change import digest
from connector.errors import RedRunError
from connector.logs import get_logger
from connector.mapping.feeds import Feed
from connector.ports.crm import PullRequest
from connector.sync.desk import Connection, Desk
from connector.sync.land import FeedReport, Landing

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
    mark = digest([feed.object_name, sorted(feed.paths), feed.doc.model_dump(mode="json")])[:16]
    landing = Landing(desk, connection, feed, mark)
    for page in connection.adapter.pull(_request(desk, connection, feed, mark)):
        landing.take(page)
        if progress:
            progress(feed.name, landing.report.records, page.expected)
        if not landing.ended:
            desk.stop.check()
    if not landing.ended:
        raise RedRunError(
            "{feed}: the source stopped after {got} records, before its last page.",
            where=connection.name,
            next_step="The cursor stays; run again. If it repeats, check the API user.",
            feed=feed.name,
            got=landing.report.records,
        )
    report = landing.report
    get_logger(run=desk.run_id).info(
        "feed",
        connection=connection.name,
        feed=feed.name,
        rows=report.records,
        outcome=f"new {report.new}, changed {report.changed}, problems {report.problems}",
    )
    return report


def _request(desk: Desk, connection: Connection, feed: Feed, mark: str) -> PullRequest:
    stored = desk.ledger.cursor(connection.name, feed.name)
    position = json.loads(stored) if stored else {}
    return feed.request(position["at"] if position.get("mapping") == mark else None)
