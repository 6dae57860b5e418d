"""One reading of a selection: through REST or as a bulk job, window by window, from any place on.

Every row is counted: what Salesforce said of each query that was read to its end, plus what was
handed on of those that were given up, is what the reading must come to. After each portion that is
known to be whole there is a place to go on from; going on, the rows below it are counted once more,
because a page that came short without a word would otherwise be lost for good.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.salesforce.bulk_query import BulkQuery, BulkRefusedError, bulk_pays
from adapters.salesforce.bulk_rows import draw_shape
from adapters.salesforce.describe import Catalogue
from adapters.salesforce.jobs import JobInfo, Jobs
from adapters.salesforce.pages import RecordPage, read_pages
from adapters.salesforce.position import Position, read_position
from adapters.salesforce.retries import TOO_SLOW
from adapters.salesforce.selection import Selection, Window, read_stamp
from adapters.salesforce.session import SalesforceSession
from connector.errors import TransientError
from connector.logs import get_logger

_NARROWEST = timedelta(seconds=2)
_PATIENCE = 2  # more attempts at a window that cannot be narrower


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows as they came, what the reading must come to, and where it goes on after them."""

    rows: Sequence[dict[str, Any]]
    expected: int
    last: bool
    resume: str | None = None


class Reader:
    """Reads selections of one connection; remembers which objects the Bulk API refuses."""

    def __init__(self, session: SalesforceSession, catalogue: Catalogue) -> None:
        self._session = session
        self._catalogue = catalogue
        self._jobs = Jobs(session, "query")
        self._not_in_bulk: set[str] = set()

    def begin(self, selection: Selection, resume: str | None = None) -> Reading:
        """A reading from a place on; from the beginning when there is none that still holds."""
        return Reading(self, selection, resume)


class Reading:
    """See the module; `started` is Salesforce's clock at the first answer of the reading."""

    def __init__(self, reader: Reader, selection: Selection, resume: str | None) -> None:
        self._reader = reader
        self._session = reader._session
        self._selection = selection
        self._call = self._session.name_call("read", selection.object_name)
        self._told = resume
        self._handed = 0
        self._owed = 0
        self._patience = _PATIENCE
        self.started: datetime | None = None

    def run(self) -> Iterator[Portion]:
        """All portions; the last one has `last`, and its `expected` is the count that holds.

        A window that Salesforce is too slow for is given up and read as two halves.
        """
        windows = [self._selection.window]
        position = self._recall()
        if position is not None:
            self.started = position.started
            windows = list(position.windows)
        while windows:
            try:
                yield from self._read_window(position, windows)
                del windows[0]
            except TransientError as error:
                if error.code not in TOO_SLOW:
                    raise
                self._owed = self._handed
                windows[:1] = self._halve(windows[0], error)
            position = None

    def _read_window(
        self, position: Position | None, windows: Sequence[Window]
    ) -> Iterator[Portion]:
        if position is not None and position.job:
            try:
                yield from self._read_job(position)
                return
            except BulkRefusedError:
                self._owed = self._handed
                position = None
        yield from self._read_pages(position, windows)

    # --- through REST ----------------------------------------------------------------

    def _read_pages(
        self, position: Position | None, windows: Sequence[Window], *, bulk: bool = True
    ) -> Iterator[Portion]:
        window = windows[0]
        begin = position.edge if position and position.edge else window.begin
        given = position.given if position else 0
        first = True
        for page in self._query(Window(begin, window.end)):
            if first and bulk and self._goes_by_bulk(page.total):
                yield from self._read_by_bulk(windows)
                return
            first = False
            self._handed += len(page.rows)
            expected = self._owed + page.expected
            place = self._note_place(windows, page, given)
            if page.last:
                self._owed = expected
            yield Portion(page.rows, expected, page.last and len(windows) == 1, place)

    def _query(self, window: Window) -> Iterator[RecordPage]:
        chosen = self._selection
        soql = chosen.write(window)
        pages = read_pages(self._session, soql, self._call, chosen.deleted_too, chosen.stamp)
        while True:
            try:
                page = next(pages, None)
            finally:
                self.started = self.started or self._session.meter.server_time()
            if page is None:
                return
            yield page

    def _note_place(self, windows: Sequence[Window], page: RecordPage, given: int) -> str | None:
        if self.started is None or not page.sound:
            return None
        if page.last:
            rest = tuple(windows[1:])
            return Position(self.started, rest).spell() if rest else None
        if not page.edge:
            return None
        here = Position(self.started, tuple(windows))
        return here.advance(read_stamp(page.edge), given + page.before).spell()

    # --- as a bulk job ---------------------------------------------------------------

    def _goes_by_bulk(self, rows: int) -> bool:
        chosen = self._selection
        return (
            chosen.flat
            and chosen.object_name not in self._reader._not_in_bulk
            and bulk_pays(rows, self._session.options.bulk_read_rows)
        )

    def _read_by_bulk(self, windows: Sequence[Window]) -> Iterator[Portion]:
        """A job for the first window; through REST when the Bulk API does not take it."""
        chosen = self._selection
        bulk = self._open_bulk()
        try:
            soql = chosen.write(windows[0], ordered=False)
            job_id = bulk.begin(soql, deleted_too=chosen.deleted_too)
            started = self.started or self._session.clock.now()
            yield from self._read_job(Position(started, tuple(windows), job=job_id))
        except BulkRefusedError as error:
            get_logger().warning("bulk refused", where=self._call.where, error=str(error))
            self._reader._not_in_bulk.add(chosen.object_name)
            self._owed = self._handed
            yield from self._read_pages(None, windows, bulk=False)

    def _read_job(self, position: Position) -> Iterator[Portion]:
        """Wait for a job and read its results from a place on."""
        bulk = self._open_bulk()
        ended: JobInfo | None = None
        for job in bulk.wait(position.job):
            ended = job
            # Durable before the wait: whoever comes after a crash goes on with this job.
            yield Portion((), self._owed, last=False, resume=position.spell())
        if ended is None:
            raise BulkRefusedError("the job is gone")
        total = bulk.expect_complete(ended)
        info = self._reader._catalogue.expect(self._selection.object_name)
        shape = draw_shape(self._selection.columns, info, self._reader._catalogue)
        expected = self._owed + total - position.given
        given = position.given
        for portion in bulk.read(position.job, shape, position.locator, position.skip):
            given += len(portion.rows)
            self._handed += len(portion.rows)
            place = self._note_result(position, portion.locator, portion.skip, given, portion.last)
            last = portion.last and len(position.windows) == 1
            if portion.last:
                self._owed = expected
            yield Portion(portion.rows, expected, last, place)

    def _note_result(
        self, position: Position, locator: str, skip: int, given: int, done: bool
    ) -> str | None:
        if done:
            rest = position.windows[1:]
            return position.enter(*rest).spell() if rest else None
        return replace(position, locator=locator, skip=skip, given=given).spell()

    def _open_bulk(self) -> BulkQuery:
        return BulkQuery(self._session, self._reader._jobs, self._selection.object_name)

    # --- going on, and asking for less -----------------------------------------------

    def _recall(self) -> Position | None:
        """Where to go on; None when nothing was noted, or what lies below is not whole."""
        position = read_position(self._told, self._session.clock.now())
        if position is None or not self._selection.stamp:
            return None
        if position.job and self._is_lost(position.job):
            return position.enter(*position.windows)
        if position.edge is not None and not self._is_whole(position):
            return position.enter(*position.windows)
        return position

    def _is_lost(self, job_id: str) -> bool:
        job = self._reader._jobs.look(job_id, self._selection.object_name)
        return job is None or (job.ended and job.state != "JobComplete")

    def _is_whole(self, position: Position) -> bool:
        """Whether no more rows lie below the edge than were given: rows leave it when they change,
        none comes to it."""
        chosen = self._selection
        below = Window(position.windows[0].begin, position.edge)
        soql = chosen.write_count(below)
        answer = self._session.query(soql, self._call, deleted_too=chosen.deleted_too)
        return int(answer.get("totalSize") or 0) <= position.given

    def _halve(self, window: Window, error: TransientError) -> list[Window]:
        """Two halves of a window; the window itself, and at last the error again, when it cannot
        be narrower."""
        end = window.end or self._session.meter.server_time() or self._session.clock.now()
        begin = (window.begin or self._find_first(window)) if self._selection.stamp else end
        if begin is None or end - begin < _NARROWEST:
            self._patience -= 1
            if self._patience < 0:
                raise error
            return [window]
        middle = (begin + (end - begin) / 2).replace(microsecond=0)
        get_logger().warning("window halved", where=self._call.where, code=error.code)
        return [Window(window.begin, middle), Window(middle, window.end)]

    def _find_first(self, window: Window) -> datetime | None:
        soql = self._selection.write_first(window)
        answer = self._session.query(soql, self._call, deleted_too=self._selection.deleted_too)
        rows = answer.get("records") or []
        return read_stamp(str(rows[0][self._selection.stamp])) if rows else None
