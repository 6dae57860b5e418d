"""One page of vendor records into typed rows of an entity, column by column.

Nothing is lost: rows + problems + skipped = records + unreadable pieces. A record with one bad
value is a problem as a whole, with every bad field named, because half a receivable is worse than
none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.entities import Column, Kind
from connector.mapping.columns import type_column
from connector.mapping.duplicates import file_of, list_ids, separate_duplicates, unique_ids
from connector.mapping.feeds import Feed
from connector.mapping.paths import RecordSet
from connector.mapping.row_problems import list_problems
from connector.mapping.row_rules import check_column, check_row
from connector.mapping.seen import list_seen
from connector.mapping.sources import ReadContext, missing_paths, read_column
from connector.mapping.transforms import ColumnWork
from connector.ports.crm import Page, Record
from connector.ports.facts import ARROW_TYPES, DELETION_SCHEMA, row_schema

__all__ = ["MappedPage", "ReadContext", "map_page"]


@dataclass(frozen=True, slots=True)
class MappedPage:
    """A page in our terms.

    `ids` holds every id of the page, problems included. `skipped` counts records that the document
    leaves out (`only`, `positive`, `totals`, `samples`). `unidentified` counts pieces of input
    without an id: while there is one, an absence from a snapshot proves nothing. `duplicates` lists
    rows that were kept under a numbered id.
    """

    rows: pa.Table
    seen: pa.Table
    deletions: pa.Table
    problems: pa.Table
    ids: pa.Array
    skipped: int = 0
    unidentified: int = 0
    duplicates: tuple[str, ...] = ()


@dataclass(slots=True)
class _Draft:
    """Records on their way, where they come from, and why some of them cannot become rows."""

    feed: Feed
    context: ReadContext
    records: RecordSet
    wheres: list[str]
    refused: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    skipped: int = 0

    def take(self, name: str, work: ColumnWork) -> None:
        """Note what a step refused."""
        for row, reason in work.refused.items():
            self.refused.setdefault(row, []).append((name, reason))

    def keep(self, wanted: list[bool]) -> None:
        """Leave out records, before anything is refused."""
        self.skipped += wanted.count(False)
        if self.wheres:
            self.wheres = [w for w, keep in zip(self.wheres, wanted, strict=True) if keep]
        self.records = self.records.select(wanted)


def map_page(feed: Feed, page: Page, context: ReadContext) -> MappedPage:
    """Rows, mirrors, deletions and problems of one page (see `MappedPage`)."""
    draft = _Draft(feed, context, RecordSet(page.records), list(page.wheres))
    if draft.wheres:
        context.memory.enter(file_of(draft.wheres[0]))
    _leave_out_samples(draft)
    missing_only = _leave_out_others(draft)
    _leave_out_not_positive(draft)
    if missing_only:
        work = ColumnWork(dict.fromkeys(range(len(draft.records)), f"there is no {missing_only}"))
        draft.take(missing_only, work)
    columns = {c.name: _read_checked(draft, c) for c in feed.entity.columns}
    work = ColumnWork()
    check_row(feed.entity.name, columns, work)
    draft.take("amount", work)
    ids, kept = _identify(draft, columns)
    stamps = _read_stamps(draft)
    sums = _leave_out_totals(draft, ids)
    wheres = draft.wheres or [f"{feed.object_name} {record_id or '?'}" for record_id in ids]
    head = [pa.array(ids, pa.string()), stamps, pa.array(wheres, pa.string())]
    rows = pa.Table.from_arrays(head + list(columns.values()), schema=row_schema(feed.entity.name))
    if draft.refused or sums:
        bad = sums | set(draft.refused)
        good = [row not in bad for row in range(len(draft.records))]
        rows = rows.filter(pa.array(good, pa.bool_()))
    return MappedPage(
        rows=rows,
        seen=list_seen(feed.target, draft.records, ids),
        deletions=_list_deletions(page),
        problems=list_problems(
            feed.entity.name, feed.name, page, draft.records.records, ids, wheres, draft.refused
        ),
        ids=unique_ids(ids),
        skipped=draft.skipped,
        unidentified=ids.count(None) - len(sums) + len(page.unreadable),
        duplicates=tuple(kept),
    )


def _leave_out_samples(draft: _Draft) -> None:
    """Leave out rows whose first filled cell begins with a word of `samples`: they show how a
    table is filled in."""
    words = tuple(word.strip().casefold() for word in draft.feed.doc.samples)
    if not words:
        return
    wanted = [not _first_cell(r).casefold().startswith(words) for r in draft.records.records]
    if not all(wanted):
        draft.keep(wanted)


def _first_cell(record: Record) -> str:
    cells = (str(cell).strip() for cell in record.values() if cell is not None)
    return next((cell for cell in cells if cell), "")


def _leave_out_others(draft: _Draft) -> str:
    """Keep the records that `only` names. Gives the path that no record has: then nothing can be
    told apart, nothing is left out, and every record is a problem."""
    wanted = [True] * len(draft.records)
    for path, words in draft.feed.doc.only.items():
        values = draft.records.column(path)
        if values is None:
            return path if len(draft.records) else ""
        folded = {word.strip().casefold() for word in words}
        wanted = [
            keep and value is not None and str(value).strip().casefold() in folded
            for keep, value in zip(wanted, values, strict=True)
        ]
    if not all(wanted):
        draft.keep(wanted)
    return ""


def _leave_out_not_positive(draft: _Draft) -> None:
    """Keep records whose `positive` column is above zero, empty or unreadable (a problem later)."""
    name = draft.feed.doc.positive
    doc = draft.feed.fields.get(name)
    if doc is None or not len(draft.records):
        return
    column = draft.feed.entity.column(name)
    values = read_column(column, doc, draft.records, draft.context, ColumnWork())
    wanted = pc.greater(values, pa.scalar(0, pa.int64())).fill_null(True).to_pylist()
    if not all(wanted):
        draft.keep(wanted)


def _read_checked(draft: _Draft, column: Column) -> pa.Array:
    """One column, typed and checked; an account reference that a CRM's own document leaves out is
    the connection's own account, by record id."""
    doc = draft.feed.fields.get(column.name)
    count = len(draft.records)
    implied = {"account_connection": draft.context.connection, "account_field": "id"}
    if doc is None and column.name in implied:
        return pa.array([implied[column.name]] * count, pa.string())
    work = ColumnWork()
    values = read_column(column, doc, draft.records, draft.context, work)
    if values.null_count and column.required:
        check_column(draft.feed.entity.name, column, values, _missing(draft, column), work)
    else:
        check_column(draft.feed.entity.name, column, values, (), work)
    draft.take(column.name, work)
    return values


def _missing(draft: _Draft, column: Column) -> tuple[str, ...]:
    return missing_paths(draft.feed.fields.get(column.name), draft.records)


def _identify(draft: _Draft, columns: dict[str, pa.Array]) -> tuple[list[str | None], list[str]]:
    """Ids and the sentences on duplicates that were kept."""
    work = ColumnWork()
    ids = list_ids(draft.feed, draft.records, columns, work)
    kept: list[str] = []
    if draft.wheres:
        kept = separate_duplicates(
            draft.feed.doc, ids, draft.records.records, draft.wheres, draft.context.memory, work
        )
    draft.take("id", work)
    return ids, kept


def _leave_out_totals(draft: _Draft, ids: list[str | None]) -> set[int]:
    """Rows that are no record and begin with a word of `totals`: sums in or below a list."""
    words = {word.strip().casefold() for word in draft.feed.doc.totals}
    found: set[int] = set()
    for row in draft.refused if words else ():
        first = _first_cell(draft.records.records[row])
        if first.removesuffix(":").removesuffix(":").strip().casefold() in words:
            found.add(row)
            ids[row] = None
    for row in found:
        del draft.refused[row]
    draft.skipped += len(found)
    return found


def _read_stamps(draft: _Draft) -> pa.Array:
    path = draft.feed.doc.stamp
    values = draft.records.column(path) if path else None
    if values is None:
        return pa.nulls(len(draft.records), ARROW_TYPES[Kind.TIMESTAMP])
    work = ColumnWork()
    stamps = type_column(values, Kind.TIMESTAMP, work)
    draft.take(path, work)
    return stamps


def _list_deletions(page: Page) -> pa.Table:
    if not page.deletions:
        return DELETION_SCHEMA.empty_table()
    return pa.Table.from_arrays(
        [
            pa.array([gone.id for gone in page.deletions], pa.string()),
            pa.array([gone.merged_into or None for gone in page.deletions], pa.string()),
        ],
        schema=DELETION_SCHEMA,
    )
