"""Reading an object: everything once, then only what moved, with deletions in the same call.

Rules: the window starts an overlap before the cursor, because a row gets its stamp before its
transaction commits; comparison is `>=`, because stamps are whole seconds; the next cursor is
Salesforce's own clock at the first answer. Source: SOQL and SOSL Reference; REST API
Developer Guide, "Query" and "QueryAll".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.salesforce.describe import COMPOUND_TYPES, Catalogue
from adapters.salesforce.ids import to_long_id
from adapters.salesforce.pages import RecordPage, read_pages
from adapters.salesforce.query import (
    check_filter,
    check_name,
    check_path,
    spell_moment,
    write_select,
)
from adapters.salesforce.session import SalesforceSession
from connector.errors import RefusedError, StateError
from connector.ports.crm import Deletion, ObjectInfo, Page, PullRequest, Record

STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
"""Change stamps by preference: only SystemModstamp is moved by system processes too."""
_SURVIVOR = "MasterRecordId"


@dataclass(frozen=True, slots=True)
class Selection:
    """A query to run and how its rows are read.

    `parents` are top-level names whose values are nested objects, `references` selected lookups,
    and `spellings` pairs of the org's and the mapping's spelling where these differ in case.
    """

    soql: str
    stamp: str
    deleted_too: bool = False
    parents: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    spellings: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Horizon:
    """How far a reading has come: the greatest stamp seen, and the server's clock at its start."""

    cursor: str | None
    greatest: str = ""
    started: datetime | None = None

    def find_next_cursor(self) -> str | None:
        """Where the next pull continues: the server's clock at the start, else the last stamp.

        Not the greatest stamp seen: after a mass import every later pull would read it again.
        """
        if self.started is not None:
            return self.started.isoformat()
        seen = [read_stamp(text) for text in (self.greatest, self.cursor) if text]
        return max(seen).isoformat() if seen else None


def pull(session: SalesforceSession, catalogue: Catalogue, request: PullRequest) -> Iterator[Page]:
    """Pages of one object in (stamp, id) order; see `SourcePort.pull`.

    Should Salesforce give up the query half way, it is run again and what was already given is
    left out; the last page's `expected` is the count that holds.
    """
    info = catalogue.expect(request.object_name)
    selection = choose_selection(request, info)
    call = session.name_call("read", info.name)
    horizon = _Horizon(request.cursor if request.mode == "changes" else None)
    pages = read_pages(session, selection.soql, call, selection.deleted_too, selection.stamp)
    try:
        for raw in pages:
            horizon.started = horizon.started or session.meter.server_time()
            yield _convert(raw, selection, horizon)
    except RefusedError:
        catalogue.forget(info.name)
        raise


def choose_selection(request: PullRequest, info: ObjectInfo) -> Selection:
    """The query for a request on an object as it is described.

    Deletions are asked for once there is a cursor; before it nothing was landed that could go.
    """
    stamp = _choose_stamp(request, info)
    incremental = request.mode == "changes" and bool(stamp) and request.cursor is not None
    deleted_too = incremental and info.find("IsDeleted") is not None
    own = ["Id", stamp, *(("IsDeleted", _SURVIVOR) if deleted_too else ())]
    wanted = [_select(path, info) for path in request.paths]
    paths: dict[str, str] = {}
    for path in [*(name for name in own if name and info.find(name)), *wanted]:
        paths.setdefault(path.lower(), path)
    conditions = []
    if incremental and request.cursor is not None:
        start = read_stamp(request.cursor) - timedelta(seconds=request.overlap_seconds)
        conditions.append(f"{stamp} >= {spell_moment(start)}")
    if request.where.strip():
        conditions.append(check_filter(request.where.strip(), info.name))
    order = [stamp, "Id"] if stamp else ["Id"]
    heads = {path.split(".")[0].lower() for path in paths.values()}
    return Selection(
        soql=write_select(paths.values(), info.name, conditions, order),
        stamp=stamp,
        deleted_too=deleted_too,
        parents=tuple(name for name in _nested_names(info) if name.lower() in heads),
        references=tuple(
            field.name
            for field in info.fields.values()
            if field.vendor_type == "reference" and field.name.lower() in heads
        ),
        spellings=_find_spellings(request.paths, info),
    )


def read_stamp(text: str) -> datetime:
    """A cursor or a vendor's stamp as an aware UTC datetime; StateError for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StateError(
            "{text} is no point in time to go on reading from.",
            next_step="Reset the cursor of this feed; everything is then read again.",
            text=repr(text[:40]),
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def strip_attributes(record: Record, parents: Sequence[str]) -> None:
    """Take Salesforce's `attributes` out of a record and of the parents nested in it."""
    record.pop("attributes", None)
    for name in parents:
        nested = record.get(name)
        if isinstance(nested, dict):
            strip_attributes(nested, tuple(nested))


def _choose_stamp(request: PullRequest, info: ObjectInfo) -> str:
    if request.stamp_path:
        found = info.find(check_name(request.stamp_path, info.name))
        return found.name if found else request.stamp_path
    return next((name for name in STAMPS if info.find(name)), "")


def _select(path: str, info: ObjectInfo) -> str:
    """The column to ask for: a compound field is asked for as a whole."""
    head = info.find(check_path(path, info.name).split(".")[0])
    return head.name if head is not None and head.vendor_type in COMPOUND_TYPES else path


def _nested_names(info: ObjectInfo) -> list[str]:
    return [
        field.name if field.vendor_type in COMPOUND_TYPES else field.relationship
        for field in info.fields.values()
        if field.vendor_type in COMPOUND_TYPES or field.relationship
    ]


def _find_spellings(paths: Sequence[str], info: ObjectInfo) -> tuple[tuple[str, str], ...]:
    """Pairs (org's name, mapping's name): SOQL ignores case, records carry the org's spelling."""
    known = {name.lower(): name for name in [*info.fields, *_nested_names(info)]}
    heads = {path.split(".")[0] for path in paths}
    pairs = ((known.get(head.lower(), head), head) for head in heads)
    return tuple(sorted((theirs, ours) for theirs, ours in pairs if theirs != ours))


def _convert(raw: RecordPage, selection: Selection, horizon: _Horizon) -> Page:
    records: list[Record] = []
    deletions: list[Deletion] = []
    for row in raw.rows:
        _tidy(row, selection)
        if selection.deleted_too and row.get("IsDeleted") is True:
            survivor = row.get(_SURVIVOR)
            deletions.append(Deletion(str(row["Id"]), to_long_id(survivor) if survivor else ""))
        else:
            records.append(row)
    if raw.rows and selection.stamp:
        stamps = [str(row[selection.stamp]) for row in raw.rows if row.get(selection.stamp)]
        horizon.greatest = max([horizon.greatest, *stamps])
    return Page(
        records=records,
        deletions=deletions,
        expected=raw.expected,
        cursor=horizon.find_next_cursor() if raw.last else None,
        last=raw.last,
        listed_on=horizon.started.date() if horizon.started else None,
    )


def _tidy(row: Record, selection: Selection) -> None:
    strip_attributes(row, selection.parents)
    for name in ("Id", *selection.references):
        value = row.get(name)
        if isinstance(value, str) and len(value) == 15:
            row[name] = to_long_id(value)
    for theirs, ours in selection.spellings:
        if theirs in row:
            row[ours] = row[theirs]
