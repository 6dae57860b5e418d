"""Land: pages of a feed into the ledger, counted; the cursor moves last.

Pages land as they come, each with the place from which a reading that breaks off goes on. The
cursor lands with the last page, in its transaction, and only when what arrived equals what the
source counted; else the reading begins anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa

from connector.errors import RedRunError
from connector.mapping.feeds import Feed
from connector.mapping.read import MappedPage, ReadContext, map_page
from connector.ports.crm import Page
from connector.ports.facts import LandBatch, LandResult, SnapshotClose, row_schema
from connector.sync.crash import crash_point
from connector.sync.desk import Connection, Desk
from connector.sync.guard import refuse_shrunk_list
from connector.sync.position import CENSUS_FEED, FeedPosition


def refuse_miscount(feed: str, connection: str, got: int, expected: int | None) -> None:
    """RedRunError when fewer or more records arrived than the source counted (None: it did not)."""
    if expected is not None and expected != got:
        raise RedRunError(
            "{feed}: {got} records arrived, but {expected} were counted at the source.",
            where=connection,
            next_step="The cursor stays; run again. If it repeats, check the API user.",
            feed=feed,
            got=got,
            expected=expected,
        )


@dataclass
class FeedReport:
    """What one feed brought. `records` = new + changed + re_read + deleted + problems + skipped.

    `duplicates` names rows that were kept under a numbered id. `incomplete`: the source no longer
    knows all that was deleted since the pull before.
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
    duplicates: tuple[str, ...] = ()
    incomplete: bool = False

    def include(self, other: FeedReport) -> None:
        """Take in another reading of the same feed."""
        for name in ("records", "skipped", "new", "changed", "re_read", "deleted", "cleared",
                     "problems"):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.duplicates += other.duplicates

    def add(self, result: LandResult) -> None:
        """Take in one landing."""
        self.new += result.new
        self.changed += result.changed
        self.re_read += result.re_read
        self.deleted += result.deleted
        self.cleared += result.cleared
        self.problems += result.problems


@dataclass
class Landing:
    """One pull of one feed on its way into the ledger, from `position` on.

    `aside` is a reading beside the feed's own: its cursor and places are not kept. `ended` says
    that the last page, and with it the cursor, has landed.
    """

    desk: Desk
    connection: Connection
    feed: Feed
    position: FeedPosition
    aside: bool = False
    report: FeedReport = field(init=False)
    _context: ReadContext = field(init=False)
    _ids: list[pa.Array] = field(default_factory=list)
    _gone: list[str] = field(default_factory=list)
    _whole: bool = True
    _listed_before: int = 0
    ended: bool = False

    def __post_init__(self) -> None:
        name = self.connection.name
        self._listed_before = self._known_rows() if self.feed.snapshot else 0
        self.report = FeedReport(name, self.feed.name, self.feed.entity.name)
        self._context = ReadContext(
            connection=name,
            accounts=self.connection.accounts,
            currency=self.connection.currency,
        )

    def take(self, page: Page) -> None:
        """Map and land one page; RedRunError at the last one when the counts do not tie."""
        if self._says_nothing(page):
            return
        mapped = map_page(self.feed, page, self._context)
        self._ids.append(mapped.ids)
        self._gone = [gone.id for gone in page.deletions]
        self._whole = self._whole and mapped.unidentified == 0
        self.report.records += len(page.records) + len(page.deletions) + len(page.unreadable)
        self.report.skipped += mapped.skipped
        if page.incomplete and not self.report.incomplete:
            # Durable before the cursor moves, or a crash would leave these deletions unlooked for.
            keep_census(self.desk, self.connection.name, None)
            self.report.incomplete = True
        self.report.duplicates += mapped.duplicates
        snapshot = None
        if page.last:
            self._check_count(page)
            snapshot = self._close(page)
        crash_point("before-land")
        self.report.add(self.desk.ledger.land(self._batch(mapped, snapshot, self._place(page))))
        crash_point("after-last-land" if page.last else "after-land")
        self.ended = page.last

    @property
    def last_ids(self) -> list[str]:
        """Ids that the page taken last answers for, deleted ones included."""
        return [*(self._ids[-1].to_pylist() if self._ids else ()), *self._gone]

    def _says_nothing(self, page: Page) -> bool:
        """Whether it only tells that the source still works, from a place that is known."""
        bare = not (page.last or page.records or page.deletions or page.unreadable)
        return bare and page.resume == self.position.resume

    def _place(self, page: Page) -> str | None:
        """What the ledger keeps with this page: the cursor, or where to go on; None: nothing.

        A full list proves absence only when it was read in one go.
        """
        if self.aside:
            return None
        if page.last:
            self.position = self.position.end(page.cursor, self.desk.clock.now())
        elif page.resume and not self.feed.snapshot:
            self.position = replace(self.position, resume=page.resume)
        else:
            return None
        return self.position.spell()

    def _batch(
        self, mapped: MappedPage, snapshot: SnapshotClose | None, cursor: str | None
    ) -> LandBatch:
        return LandBatch(
            connection=self.connection.name,
            feed=self.feed.name,
            entity=self.feed.entity.name,
            run_id=self.desk.run_id,
            known_at=self.desk.clock.now(),
            rows=mapped.rows,
            seen=mapped.seen,
            deletions=mapped.deletions,
            problems=mapped.problems,
            snapshot=snapshot,
            cursor=cursor,
        )

    def _check_count(self, page: Page) -> None:
        try:
            refuse_miscount(
                self.feed.name, self.connection.name, self.report.records, page.expected
            )
        except RedRunError:
            self._begin_anew()
            raise

    def _begin_anew(self) -> None:
        """Forget the place: which of the pages before came short cannot be told."""
        if self.position.resume is None or self.aside:
            return
        self.position = replace(self.position, resume=None)
        keep_position(self.desk, self.connection.name, self.feed, self.position)

    def _close(self, page: Page) -> SnapshotClose | None:
        """The end of a full list. A piece of input without an id proves no absence."""
        if not self.feed.snapshot or page.listed_on is None or not self._whole:
            return None
        ids = pa.concat_arrays([pa.array([], pa.string()), *self._ids])
        if not self.desk.accept_shrunk_lists:
            refuse_shrunk_list(
                self.feed.name, self.connection.name, self._listed_before, len(ids), self.desk.guard
            )
        return SnapshotClose(present=ids, listed_on=page.listed_on)

    def _known_rows(self) -> int:
        """Rows of the feed that are open: what the last full list named."""
        entity = self.feed.entity.name
        open_only = "AND NOT derived_clear" if entity in ("invoice", "credit_note") else ""
        row = self.desk.ledger.query(
            f"SELECT count(*) AS n FROM {entity}_current "  # noqa: S608  # name of an entity
            f"WHERE connection = ? AND feed = ? {open_only}",
            [self.connection.name, self.feed.name],
        ).to_pylist()[0]
        return int(row["n"])


def keep_position(desk: Desk, connection: str, feed: Feed, position: FeedPosition) -> None:
    """Land a feed's position alone."""
    desk.ledger.land(
        LandBatch(
            connection=connection,
            feed=feed.name,
            entity=feed.entity.name,
            run_id=desk.run_id,
            known_at=desk.clock.now(),
            rows=row_schema(feed.entity.name).empty_table(),
            cursor=position.spell(),
        )
    )


def keep_census(desk: Desk, connection: str, at: datetime | None) -> None:
    """Keep when the connection's last census was; None: one is due, whatever its interval."""
    desk.ledger.land(
        LandBatch(
            connection=connection,
            feed=CENSUS_FEED,
            entity="account",
            run_id=desk.run_id,
            known_at=desk.clock.now(),
            rows=row_schema("account").empty_table(),
            cursor=json.dumps({"at": at.isoformat() if at else None}),
        )
    )
