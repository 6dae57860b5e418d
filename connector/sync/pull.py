"""Pull: every feed of a connection, page by page, counted, into the ledger.

The cursor moves last: pages land as they come, the cursor lands with the last page and only when
what arrived equals what the vendor counted. A changed mapping reads everything again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa

from connector.domain.change import digest
from connector.errors import RedRunError
from connector.mapping.feeds import Feed
from connector.mapping.read import MappedPage, ReadContext, map_page
from connector.ports.crm import Page, PullRequest
from connector.ports.facts import LandBatch, LandResult, SnapshotClose
from connector.sync.crash import crash_point
from connector.sync.desk import Connection, Desk

Progress = Callable[[str, int, int | None], None]
"""Called with feed, rows so far and rows expected."""


@dataclass
class FeedReport:
    """What one feed brought. `records` = new + changed + re_read + deleted + problems + skipped.

    `duplicates` names rows that were kept under a numbered id. `snapshot_before` and
    `snapshot_after` count the rows that a full list named last time and this time.
    """

    connection: str
    feed: str
    entity: str
    records: int = 0
    skipped: int = 0
    new: int = 0
    changed: int = 0
    re_read: int = 0
    deleted: int = 0
    cleared: int = 0
    problems: int = 0
    snapshot_before: int | None = None
    snapshot_after: int | None = None
    duplicates: tuple[str, ...] = ()

    def add(self, result: LandResult) -> None:
        """Take in one landing."""
        self.new += result.new
        self.changed += result.changed
        self.re_read += result.re_read
        self.deleted += result.deleted
        self.cleared += result.cleared
        self.problems += result.problems


@dataclass
class _Listed:
    """Ids of a full list so far; `whole` is false while a piece of input had no id."""

    arrays: list[pa.Array] = field(default_factory=list)
    whole: bool = True

    def add(self, mapped: MappedPage) -> None:
        """Take in one page."""
        self.arrays.append(mapped.ids)
        self.whole = self.whole and mapped.unidentified == 0

    def ids(self) -> pa.Array:
        """All ids."""
        return pa.concat_arrays([pa.array([], pa.string()), *self.arrays])


def pull_connection(
    desk: Desk, connection: Connection, progress: Progress | None = None
) -> list[FeedReport]:
    """Pull all feeds of one connection; RedRunError when a feed does not tie."""
    return [_pull_feed(desk, connection, feed, progress) for feed in connection.mapping.feeds]


def _pull_feed(
    desk: Desk, connection: Connection, feed: Feed, progress: Progress | None
) -> FeedReport:
    report = FeedReport(connection.name, feed.name, feed.entity.name)
    request, fingerprint = _request(desk, connection, feed)
    context = ReadContext(
        connection=connection.name,
        accounts=connection.accounts,
        currency=connection.currency,
    )
    listed = _Listed()
    for page in connection.adapter.pull(request):
        mapped = map_page(feed, page, context)
        listed.add(mapped)
        report.records += len(page.records) + len(page.deletions) + len(page.unreadable)
        report.skipped += mapped.skipped
        report.duplicates += mapped.duplicates
        _land(desk, connection, feed, page, mapped, fingerprint, listed, report)
        if progress:
            progress(feed.name, report.records, page.expected)
    return report


def _request(desk: Desk, connection: Connection, feed: Feed) -> tuple[PullRequest, str]:
    """The request from the stored cursor; from the beginning when the mapping has changed."""
    fresh = feed.request(None)
    fingerprint = digest(
        [fresh.object_name, sorted(fresh.paths), feed.doc.model_dump(mode="json")]
    )[:16]
    stored = desk.ledger.cursor(connection.name, feed.name)
    if stored is None:
        return fresh, fingerprint
    position = json.loads(stored)
    if position["mapping"] != fingerprint:
        return fresh, fingerprint
    return feed.request(position["at"]), fingerprint


def _land(
    desk: Desk,
    connection: Connection,
    feed: Feed,
    page: Page,
    mapped: MappedPage,
    fingerprint: str,
    listed: _Listed,
    report: FeedReport,
) -> None:
    cursor = None
    snapshot = None
    if page.last:
        _check_count(feed, page, report)
        cursor = json.dumps({"mapping": fingerprint, "at": page.cursor})
        if feed.snapshot and page.listed_on is not None and listed.whole:
            snapshot = SnapshotClose(present=listed.ids(), listed_on=page.listed_on)
            report.snapshot_before = _known_rows(desk, connection, feed)
            report.snapshot_after = len(snapshot.present)
    crash_point("before-land")
    result = desk.ledger.land(
        LandBatch(
            connection=connection.name,
            feed=feed.name,
            entity=feed.entity.name,
            run_id=desk.run_id,
            known_at=desk.clock.now(),
            rows=mapped.rows,
            seen=mapped.seen,
            deletions=mapped.deletions,
            problems=mapped.problems,
            snapshot=snapshot,
            cursor=cursor,
        )
    )
    report.add(result)
    crash_point("after-last-land" if page.last else "after-land")


def _known_rows(desk: Desk, connection: Connection, feed: Feed) -> int:
    """Rows of the feed that are open now: what the last full list named."""
    open_only = "AND NOT derived_clear" if feed.entity.name in ("invoice", "credit_note") else ""
    row = desk.ledger.query(
        f"SELECT count(*) AS n FROM {feed.entity.name}_current "  # noqa: S608  # entity name
        f"WHERE connection = ? AND feed = ? {open_only}",
        [connection.name, feed.name],
    ).to_pylist()[0]
    return int(row["n"])


def _check_count(feed: Feed, page: Page, report: FeedReport) -> None:
    if page.expected is not None and page.expected != report.records:
        raise RedRunError(
            "{feed}: {got} records arrived, but {expected} were counted at the source.",
            where=report.connection,
            next_step="The cursor stays; run again. If it repeats, check the API user's access.",
            feed=feed.name,
            got=report.records,
            expected=page.expected,
        )
