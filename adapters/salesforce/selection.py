"""What to ask for: a request on an object as it is described, as a query and how its rows read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.salesforce.describe import COMPOUND_TYPES
from adapters.salesforce.query import (
    check_filter,
    check_name,
    check_path,
    match_values,
    spell_moment,
    write_select,
)
from connector.errors import StateError
from connector.ports.crm import ObjectInfo, PullRequest

STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
"""Change stamps by preference: only SystemModstamp is moved by system processes too."""
SURVIVOR = "MasterRecordId"
_NOT_IN_BULK = (*COMPOUND_TYPES, "base64", "anyType", "complexvalue")


@dataclass(frozen=True, slots=True)
class Window:
    """Stamps from `begin` up to but without `end`; None is open."""

    begin: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """A query to run and how its rows are read.

    `window` is what of all stamps is asked for. `parents` are top-level names whose values are
    nested objects, `references` selected lookups, and `spellings` pairs of the org's and the
    mapping's spelling where these differ in case. `flat` tells that the Bulk API can give it.
    """

    object_name: str
    columns: tuple[str, ...]
    conditions: tuple[str, ...]
    stamp: str
    window: Window = Window()
    deleted_too: bool = False
    parents: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    spellings: tuple[tuple[str, str], ...] = ()
    flat: bool = True

    @property
    def soql(self) -> str:
        """The query of the whole selection."""
        return self.write(self.window)

    def write(self, window: Window, *, ordered: bool = True) -> str:
        """The query of one window, in (stamp, id) order when `ordered`."""
        order = ([self.stamp, "Id"] if self.stamp else ["Id"]) if ordered else []
        return write_select(self.columns, self.object_name, self._conditions(window), order)

    def write_count(self, window: Window) -> str:
        """The query that counts the rows of a window."""
        return write_select(["COUNT()"], self.object_name, self._conditions(window), [])

    def write_first(self, window: Window) -> str:
        """The query for the first stamp of a window."""
        conditions = self._conditions(window)
        return write_select([self.stamp], self.object_name, conditions, [self.stamp]) + " LIMIT 1"

    def _conditions(self, window: Window) -> list[str]:
        bounds = []
        if window.begin is not None:
            bounds.append(f"{self.stamp} >= {spell_moment(window.begin)}")
        if window.end is not None:
            bounds.append(f"{self.stamp} < {spell_moment(window.end)}")
        return [*bounds, *self.conditions]


def choose_selection(request: PullRequest, info: ObjectInfo) -> Selection:
    """The query for a request on an object as it is described.

    Deletions are asked for once there is a cursor, before which nothing was landed that could go,
    and for records by id.
    """
    stamp = _choose_stamp(request, info)
    incremental = request.mode == "changes" and bool(stamp) and request.cursor is not None
    deleted_too = (incremental or bool(request.ids)) and info.find("IsDeleted") is not None
    with_survivor = deleted_too and info.find(SURVIVOR) is not None
    own = ["Id", stamp, "IsDeleted" * deleted_too, SURVIVOR * with_survivor]
    wanted = [_select(path, info) for path in request.paths]
    columns: dict[str, str] = {}
    for path in [*(name for name in own if name and info.find(name)), *wanted]:
        columns.setdefault(path.lower(), path)
    begin = None
    if incremental and request.cursor is not None:
        begin = read_stamp(request.cursor) - timedelta(seconds=request.overlap_seconds)
    where = request.where.strip()
    heads = {path.split(".")[0].lower() for path in columns.values()}
    return Selection(
        object_name=info.name,
        columns=tuple(columns.values()),
        conditions=(check_filter(where, info.name),) if where else (),
        stamp=stamp,
        window=Window(begin),
        deleted_too=deleted_too,
        parents=tuple(name for name in _nested_names(info) if name.lower() in heads),
        references=tuple(
            field.name
            for field in info.fields.values()
            if field.vendor_type == "reference" and field.name.lower() in heads
        ),
        spellings=_find_spellings(request.paths, info),
        flat=not any(
            field.name.lower() in heads and field.vendor_type in _NOT_IN_BULK
            for field in info.fields.values()
        ),
    )


def match_ids(ids: Sequence[str]) -> str:
    """The condition that a record is one of these."""
    return match_values("Id", ids)


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
