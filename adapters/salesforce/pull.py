"""Reading an object: everything once, then only what moved, with deletions in the same call.

Rules: the window starts an overlap before the cursor, because a row gets its stamp before its
transaction commits; comparison is `>=`, because stamps are whole seconds; the next cursor is
Salesforce's own clock at the first answer. Source: SOQL and SOSL Reference; REST API
Developer Guide, "Query" and "QueryAll".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.salesforce.deletions import is_log_due, read_log
from adapters.salesforce.describe import Catalogue
from adapters.salesforce.ids import to_long_id
from adapters.salesforce.pages import read_pages
from adapters.salesforce.query import URL_BYTES_MAX, measure_url
from adapters.salesforce.reading import Reader
from adapters.salesforce.selection import (
    SURVIVOR,
    Selection,
    Window,
    choose_selection,
    match_ids,
    read_stamp,
)
from adapters.salesforce.session import SalesforceSession
from connector.errors import RefusedError
from connector.ports.crm import Deletion, Page, PullRequest, Record

_IDS_MAX = 2000  # rows of one page
_SHORT_ID = 15


class Puller:
    """The reading side of one connection."""

    def __init__(self, session: SalesforceSession, catalogue: Catalogue) -> None:
        self._session = session
        self._catalogue = catalogue
        self._reader = Reader(session, catalogue)

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Pages of one object; see `SourcePort.pull`.

        Should Salesforce give up the query half way, it is run again and what was already given
        is left out; the last page's `expected` is the count that holds.
        """
        info = self._catalogue.expect(request.object_name)
        selection = choose_selection(request, info)
        try:
            if request.ids:
                yield from self._pull_ids(selection, request.ids)
            else:
                yield from self._pull_all(selection, request)
        except RefusedError:
            self._catalogue.forget(info.name)
            raise

    def _pull_all(self, selection: Selection, request: PullRequest) -> Iterator[Page]:
        reading = self._reader.begin(selection, request.resume)
        greatest = ""
        answered: set[str] = set()
        for portion in reading.run():
            records, deletions = sort_rows(portion.rows, selection)
            answered.update(gone.id for gone in deletions)
            erased, whole = ([], True) if not portion.last else self._find_erased(
                selection, request, reading.started, answered
            )  # fmt: skip
            if reading.started is None and selection.stamp:
                greatest = max(greatest, _find_greatest(portion.rows, selection.stamp))
            yield Page(
                records=records,
                deletions=[*deletions, *erased],
                expected=portion.expected + len(erased),
                incomplete=not whole,
                cursor=_choose_cursor(reading.started, greatest, request) if portion.last else None,
                last=portion.last,
                listed_on=reading.started.date() if reading.started else None,
                resume=portion.resume,
            )

    def _find_erased(
        self,
        selection: Selection,
        request: PullRequest,
        now: datetime | None,
        answered: set[str],
    ) -> tuple[list[Deletion], bool]:
        """Records that were deleted for good, and whether the log of deletions was whole.

        The log may name a record that was taken back since, so what it names is looked for.
        """
        if not selection.deleted_too or request.cursor is None or now is None:
            return [], True
        cursor = read_stamp(request.cursor)
        if not is_log_due(cursor, now):
            return [], True
        log = read_log(self._session, selection.object_name, cursor, now)
        named = sorted(set(log.ids) - answered)
        if not named:
            return [], log.whole
        bare = replace(selection, conditions=(), columns=("Id", "IsDeleted"), stamp="")
        there = {
            str(record["Id"]) for page in self._pull_ids(bare, named) for record in page.records
        }
        return [Deletion(one) for one in named if one not in there], log.whole

    def _pull_ids(self, selection: Selection, ids: Sequence[str]) -> Iterator[Page]:
        """The records among `ids` that Salesforce still knows, binned ones as deletions."""
        call = self._session.name_call("read", selection.object_name)
        expected = 0
        chunks = _chunk_ids([to_long_id(one) for one in ids], selection)
        for number, chunk in enumerate(chunks, 1):
            for page in read_pages(self._session, chunk.soql, call, chunk.deleted_too, chunk.stamp):
                records, deletions = sort_rows(page.rows, selection)
                whole = expected + page.expected
                last = page.last and number == len(chunks)
                expected = whole if page.last else expected
                moment = self._session.meter.server_time()
                yield Page(
                    records=records,
                    deletions=deletions,
                    expected=whole,
                    cursor=moment.isoformat() if last and moment else None,
                    last=last,
                )


def sort_rows(
    rows: Sequence[dict[str, Any]], selection: Selection
) -> tuple[list[Record], list[Deletion]]:
    """Rows of a query as records and deletions; the rows are tidied in place."""
    _tidy(rows, selection)
    if not selection.deleted_too:
        return list(rows), []
    records: list[Record] = []
    deletions: list[Deletion] = []
    for row in rows:
        if row.get("IsDeleted") is True:
            survivor = row.get(SURVIVOR)
            deletions.append(Deletion(str(row["Id"]), to_long_id(survivor) if survivor else ""))
        else:
            records.append(row)
    return records, deletions


def strip_attributes(record: Record, parents: Sequence[str]) -> None:
    """Take Salesforce's `attributes` out of a record and of the parents nested in it."""
    record.pop("attributes", None)
    for name in parents:
        nested = record.get(name)
        if isinstance(nested, dict):
            strip_attributes(nested, tuple(nested))


def _choose_cursor(started: datetime | None, greatest: str, request: PullRequest) -> str | None:
    """Where the next pull continues: the server's clock at the start, else the last stamp.

    Not the greatest stamp seen: after a mass import every later pull would read it again.
    """
    if started is not None:
        return started.isoformat()
    seen = [read_stamp(text) for text in (greatest, request.cursor) if text]
    return max(seen).isoformat() if seen else None


def _chunk_ids(ids: Sequence[str], selection: Selection) -> list[Selection]:
    """The selection for some ids at a time, each as long as an address may be."""
    bare = replace(selection, window=Window())
    room = URL_BYTES_MAX - measure_url(bare.soql) - 100
    size = max(1, min(_IDS_MAX, room // measure_url(f"'{ids[0]}',")))
    return [
        replace(bare, conditions=(match_ids(ids[start : start + size]), *bare.conditions))
        for start in range(0, len(ids), size)
    ]


def _tidy(rows: Sequence[dict[str, Any]], selection: Selection) -> None:
    """Column by column, because there are many rows and mostly nothing to do."""
    for row in rows:
        row.pop("attributes", None)
    for name in selection.parents:
        for row in rows:
            nested = row.get(name)
            if isinstance(nested, dict):
                strip_attributes(nested, tuple(nested))
    for name in ("Id", *selection.references):
        for row in rows:
            value = row.get(name)
            if value.__class__ is str and len(value) == _SHORT_ID:
                row[name] = to_long_id(value)
    for theirs, ours in selection.spellings:
        for row in rows:
            if theirs in row:
                row[ours] = row[theirs]


def _find_greatest(rows: Sequence[dict[str, Any]], stamp: str) -> str:
    return max((value for row in rows if (value := row.get(stamp))), default="")
