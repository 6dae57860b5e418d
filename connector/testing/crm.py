"""A CRM in memory behind `CrmPort`: records, people who edit them, and a log of every effect.

It behaves as vendors do where it matters to a sync: stamps are whole seconds and shared, a slow
transaction shows up behind the cursor, deletions and merges are told once there is a cursor, rows
of one call succeed or fail each on its own, and an answer may be lost before or after the write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Literal

from connector.domain.entities import Kind
from connector.domain.values import canonical
from connector.errors import RefusedError, TransientError
from connector.ports.clock import ClockPort
from connector.ports.crm import (
    Budget,
    Deletion,
    FieldInfo,
    ObjectInfo,
    Page,
    PullRequest,
    Record,
    RowOutcome,
    WriteRow,
)
from connector.testing.faults import Fault, Script, Trouble

ID, STAMP = "Id", "Stamp"
MODIFIED_BY, MODIFIED_AT = "ModifiedBy", "ModifiedAt"
SYSTEM_FIELDS = (ID, STAMP, MODIFIED_BY, MODIFIED_AT)
"""Fields that every object has, filled by the CRM itself."""

CALL_CLASSES = ("login", "describe", "limits", "read", "write", "poll", "read_back")
_NUMBERS = (Kind.MONEY, Kind.QUANTITY, Kind.RATE, Kind.COUNT)


@dataclass(frozen=True, slots=True)
class Effect:
    """One write that the integration user really made: what stood there before, and after."""

    action: Literal["create", "update"]
    object_name: str
    record_id: str
    before: Mapping[str, object]
    after: Mapping[str, object]


@dataclass(slots=True)
class _Stored:
    """A record. `late` are edits that were stamped but cannot be seen before a moment."""

    id: str
    values: Record
    stamp: datetime
    by: str
    seen_from: datetime
    deleted: bool = False
    merged_into: str = ""
    late: list[tuple[datetime, datetime, str, Record]] = field(default_factory=list)


class MemoryCrm:
    """See the module. `user` is the name under which the integration's own writes stand.

    `filters` give a meaning to the `where` of a request, by its text. `automations` are the CRM's
    own rules, by object: what one returns is set on the record after every write of ours. With
    `resumes` a reading that broke off can go on where it stood, as long as nothing moves.
    """

    def __init__(
        self,
        clock: ClockPort,
        *,
        user: str = "integration",
        batch_size: int = 200,
        page_size: int = 2_000,
        calls_allowed: int | None = None,
    ) -> None:
        self.clock = clock
        self.user = user
        self.page_size = page_size
        self.effects: list[Effect] = []
        self.script = Script()
        self.filters: dict[str, Callable[[Record], bool]] = {}
        self.automations: dict[str, Callable[[Record], Mapping[str, object]]] = {}
        self.closed = False
        self.resumes = False
        self._batch_size = batch_size
        self._allowed = calls_allowed
        self._objects: dict[str, ObjectInfo] = {}
        self._records: dict[str, dict[str, _Stored]] = {}
        self._calls = dict.fromkeys(CALL_CLASSES, 0)
        self._numbers = count(1)

    # -- set-up, and what people do in the CRM ---------------------------------------------------

    def define(self, info: ObjectInfo) -> None:
        """Add an object, or describe one anew; records stay."""
        self._objects[info.name] = info
        self._records.setdefault(info.name, {})

    def add(
        self,
        object_name: str,
        values: Mapping[str, object],
        *,
        by: str = "admin",
        visible_after: float = 0,
        record_id: str = "",
    ) -> str:
        """Create a record as a person would; its id. It is seen after so many seconds."""
        stored = self._create(object_name, values, by, record_id)
        stored.seen_from = self.clock.now() + timedelta(seconds=visible_after)
        return stored.id

    def edit(
        self,
        object_name: str,
        record_id: str,
        values: Mapping[str, object],
        *,
        by: str = "rep",
        visible_after: float = 0,
    ) -> None:
        """Change a record as a person would; seen after so many seconds, stamped at once."""
        stored = self._records[object_name][record_id]
        seen_from = self.clock.now() + timedelta(seconds=visible_after)
        stored.late.append((seen_from, self._stamp(), by, dict(values)))

    def delete(self, object_name: str, record_id: str, merged_into: str = "") -> None:
        """Delete a record; with a survivor, as a merge."""
        stored = self._records[object_name][record_id]
        stored.deleted, stored.merged_into, stored.stamp = True, merged_into, self._stamp()

    def show_late(self) -> None:
        """Let every change that was stamped and not seen yet be seen."""
        now = self.clock.now()
        for records in self._records.values():
            for stored in records.values():
                stored.seen_from = min(stored.seen_from, now)
                stored.late = [(min(late[0], now), *late[1:]) for late in stored.late]

    def erase(self, object_name: str, record_id: str) -> None:
        """Delete a record for good: nothing will ever tell of it."""
        del self._records[object_name][record_id]

    def fail(self, call: str, trouble: Trouble, *, times: int = 1, skip: int = 0) -> None:
        """Let calls of this kind fail, so many in a row, after `skip` good ones (see `Fault`)."""
        self.script.faults.append(Fault(call, trouble, skip))
        self.script.faults += [Fault(call, trouble) for _ in range(times - 1)]

    def refuse(
        self,
        name: str,
        state: Literal["rejected", "retry", "gone"],
        *,
        times: int = 1,
        code: str = "NO",
    ) -> None:
        """Answer the next writes to a record (by id or key) with this state."""
        outcome = RowOutcome(state, code=code, message=f"{name} is refused")
        self.script.refusals.setdefault(name, []).extend([outcome] * times)

    def records(self, object_name: str) -> dict[str, Record]:
        """Visible records by id, as people see them now."""
        return {s.id: dict(s.values) for s in self._visible(object_name) if not s.deleted}

    # -- SourcePort ------------------------------------------------------------------------------

    def check(self) -> Mapping[str, str]:
        """Name the CRM and the user."""
        self._calls["login"] += 1
        return {"organisation": "in memory", "user": self.user}

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    def describe(self, object_name: str) -> ObjectInfo | None:
        """The object as it was defined last."""
        self._calls["describe"] += 1
        return self._objects.get(object_name)

    def list_objects(self) -> Sequence[str]:
        """Names of all objects."""
        return tuple(self._objects)

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Pages in (stamp, id) order, with the count of the whole request on each."""
        info = self._expect(request.object_name)
        _refuse_unknown_paths(info, request.paths)
        fault = self._meet("pull")
        started = self._stamp()
        cursor = datetime.fromisoformat(request.cursor) if request.cursor else None
        rows, gone = self._select(request, cursor)
        expected = len(rows) + len(gone) + (1 if fault is Trouble.MISCOUNT else 0)
        stamps = [s.stamp for s in (*rows, *gone)]
        newest = min(max([*stamps, cursor or started]), started)
        pieces = [rows[n : n + self.page_size] for n in range(0, len(rows), self.page_size)] or [[]]
        told = int(request.resume or 0)
        for number, piece in enumerate(pieces, 1):
            self._calls["read"] += 1
            last = number == len(pieces)
            if last and fault is Trouble.NO_END:
                return
            if number > 1 and fault is Trouble.EXPIRED_CURSOR:
                raise TransientError("The cursor has expired.", code="EXPIRED")
            given = piece[:-1] if last and fault is Trouble.SHORT_PAGE else piece
            yield Page(
                records=[self._project(stored, request.paths) for stored in given],
                deletions=[Deletion(s.id, s.merged_into) for s in gone] if last else (),
                expected=expected,
                cursor=newest.isoformat() if last else None,
                last=last,
                listed_on=started.date(),
                resume=None if last or not self.resumes else str(told + number * self.page_size),
            )

    # -- TargetPort ------------------------------------------------------------------------------

    @property
    def batch_size(self) -> int:
        """Most rows in one write call."""
        return self._batch_size

    def writes_as(self) -> str:
        """The integration's user."""
        return self.user

    def update(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        """Set fields of existing records; a conditional row comes alone."""
        if len(rows) > 1 and any(row.unchanged_since for row in rows):
            raise ValueError("a row with unchanged_since comes alone")
        records = self._records.get(object_name, {})
        return self._write("update", object_name, rows, lambda row: records.get(row.record_id))

    def upsert(
        self, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Sequence[RowOutcome]:
        """Create or update by a unique external-id field."""
        info = self._expect(object_name).find(key_field)
        if info is None or not info.external_id:
            raise RefusedError("{field} is no external id.", code="NOT_EXTERNAL", field=key_field)

        def find(row: WriteRow) -> _Stored | None:
            live = (s for s in self._records[object_name].values() if not s.deleted)
            return next((s for s in live if s.values.get(info.name) == row.key), None)

        return self._write("upsert", object_name, rows, find, info.name)

    def create(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        """Create records."""
        return self._write("create", object_name, rows, lambda _row: None)

    def find_by_key(
        self, object_name: str, key_field: str, keys: Sequence[str]
    ) -> Mapping[str, str]:
        """Record ids by key: equal to it, or carrying `[key]`."""
        self._calls["read_back"] += 1
        self._meet("find_by_key")
        texts = {s.id: str(s.values.get(key_field) or "") for s in self._visible(object_name)
                 if not s.deleted}  # fmt: skip
        return {
            key: found[0]
            for key in keys
            if (found := [i for i, text in texts.items() if text == key or f"[{key}]" in text])
        }

    def read(
        self, object_name: str, record_ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Record | None]:
        """Present records by id, with who changed them last and when."""
        self._calls["read_back"] += 1
        self._meet("read")
        found = {s.id: s for s in self._visible(object_name) if not s.deleted}
        return {
            record_id: {
                **self._project(found[record_id], fields),
                "modified_by": found[record_id].by,
                "modified_at": found[record_id].stamp.isoformat(),
            }
            if record_id in found
            else None
            for record_id in record_ids
        }

    def budget(self) -> Budget:
        """Calls made, and calls allowed where a limit was set."""
        return Budget(sum(self._calls.values()), self._allowed)

    def call_counts(self) -> Mapping[str, int]:
        """Calls made so far by class."""
        return dict(self._calls)

    def server_time(self) -> datetime | None:
        """The clock's time."""
        return self.clock.now()

    # -- inside ----------------------------------------------------------------------------------

    def _write(
        self,
        call: str,
        object_name: str,
        rows: Sequence[WriteRow],
        find: Callable[[WriteRow], _Stored | None],
        key_field: str = "",
    ) -> list[RowOutcome]:
        if len(rows) > self._batch_size:
            raise ValueError(f"{len(rows)} rows in one call, {self._batch_size} at most")
        info = self._expect(object_name)
        if not rows:
            return []
        self._calls["write"] += 1
        fault = self.script.next_fault(call)
        if fault is not None:
            self._note_session(fault)
            fault.raise_before()
        self._visible(object_name)
        outcomes = [self._write_row(call, info, row, find(row), key_field) for row in rows]
        if fault is not None:
            fault.raise_after()
        return outcomes[:-1] if fault and fault.trouble is Trouble.SHORT_ANSWER else outcomes

    def _write_row(
        self, call: str, info: ObjectInfo, row: WriteRow, stored: _Stored | None, key_field: str
    ) -> RowOutcome:
        if (refusal := self.script.next_refusal(row.record_id, row.key)) is not None:
            return refusal
        if call == "update" and (stored is None or stored.deleted):
            return RowOutcome("gone", row.record_id, "GONE", "the record is deleted")
        if stored is not None and _has_moved(stored, row.unchanged_since):
            return RowOutcome("moved", stored.id, "MODIFIED_SINCE")
        wrong = _refused_fields(info, row.values, update=stored is not None)
        if wrong:
            return RowOutcome("rejected", row.record_id, "INVALID", "refused values", wrong)
        values = {_name(info, n): _typed(info.find(n), text) for n, text in row.values.items()}
        if stored is None:
            stored = self._create(info.name, values, self.user)
            if key_field:
                stored.values[key_field] = row.key
            self.effects.append(Effect("create", info.name, stored.id, {}, dict(stored.values)))
        else:
            before = {name: stored.values.get(name) for name in values}
            self._change(stored, values, self.user, self._stamp())
            self.effects.append(Effect("update", info.name, stored.id, before, values))
        if (automation := self.automations.get(info.name)) is not None:
            self._change(stored, automation(stored.values), "automation", self._stamp())
        return RowOutcome("ok", stored.id)

    def _select(
        self, request: PullRequest, cursor: datetime | None
    ) -> tuple[list[_Stored], list[_Stored]]:
        """Live and gone records that the request asks for, in (stamp, id) order."""
        if request.where and request.where not in self.filters:
            raise RefusedError("There is no filter {where}.", code="FILTER", where=request.where)
        keep = self.filters[request.where] if request.where else None
        window = None
        if cursor is not None and request.mode == "changes":
            window = cursor - timedelta(seconds=request.overlap_seconds)
        moved = [
            s for s in self._visible(request.object_name) if window is None or s.stamp >= window
        ]
        moved.sort(key=lambda s: (s.stamp, s.id))
        rows = [s for s in moved if not s.deleted and (keep is None or keep(s.values))]
        gone = [s for s in moved if s.deleted] if window is not None or request.ids else []
        if request.ids:
            rows, gone = ([s for s in some if s.id in request.ids] for some in (rows, gone))
        return rows[int(request.resume or 0) :], gone

    def _create(
        self, object_name: str, values: Mapping[str, object], by: str, record_id: str = ""
    ) -> _Stored:
        self._expect(object_name)
        now = self.clock.now()
        new_id = record_id or f"{object_name[:3].upper()}{next(self._numbers):06}"
        stored = _Stored(new_id, {}, self._stamp(), by, now)
        self._change(stored, values, by, stored.stamp)
        self._records[object_name][new_id] = stored
        return stored

    def _change(
        self, stored: _Stored, values: Mapping[str, object], by: str, stamp: datetime
    ) -> None:
        stored.values.update(values)
        stored.by, stored.stamp = by, max(stored.stamp, stamp)
        marks = (stored.id, stored.stamp.isoformat(), stored.by, stored.stamp.isoformat())
        stored.values.update(dict(zip(SYSTEM_FIELDS, marks, strict=True)))

    def _visible(self, object_name: str) -> list[_Stored]:
        """Records that can be seen now, with the late edits whose moment has come."""
        now = self.clock.now()
        stored = [s for s in self._records[object_name].values() if s.seen_from <= now]
        for one in stored:
            for late in [entry for entry in one.late if entry[0] <= now]:
                _, stamp, by, values = late
                self._change(one, values, by, stamp)
                one.late.remove(late)
        return stored

    def _project(self, stored: _Stored, paths: Sequence[str]) -> Record:
        return {path: stored.values.get(path) for path in paths}

    def _expect(self, object_name: str) -> ObjectInfo:
        if object_name not in self._objects:
            raise RefusedError("There is no object {name}.", code="NO_OBJECT", name=object_name)
        return self._objects[object_name]

    def _meet(self, call: str) -> Trouble | None:
        """The trouble of this call; raises it when it comes before everything else."""
        fault = self.script.next_fault(call)
        if fault is None:
            return None
        self._note_session(fault)
        fault.raise_in_read()
        return fault.trouble

    def _note_session(self, fault: Fault) -> None:
        """An ended session costs one more sign-in."""
        if fault.trouble in (Trouble.SESSION_ENDED, Trouble.SIGN_IN):
            self._calls["login"] += 1

    def _stamp(self) -> datetime:
        return self.clock.now().astimezone(UTC).replace(microsecond=0)


def _refuse_unknown_paths(info: ObjectInfo, paths: Sequence[str]) -> None:
    for path in paths:
        if info.find(path.partition(".")[0]) is None:
            raise RefusedError(
                "{object} has no field {field}.", code="NO_FIELD", object=info.name, field=path
            )


def _has_moved(stored: _Stored, unchanged_since: str) -> bool:
    return bool(unchanged_since) and stored.stamp > datetime.fromisoformat(unchanged_since)


def _name(info: ObjectInfo, name: str) -> str:
    found = info.find(name)
    return found.name if found else name


def _refused_fields(
    info: ObjectInfo, values: Mapping[str, str | None], *, update: bool
) -> tuple[str, ...]:
    """Fields that are unknown, not writable, too long, or outside a restricted list."""
    return tuple(
        name for name, text in values.items() if not _takes(info.find(name), text, update=update)
    )


def _takes(info: FieldInfo | None, text: str | None, *, update: bool) -> bool:
    if info is None or not (info.updateable if update else info.createable):
        return False
    if text is None:
        return not info.required
    try:
        _typed(info, text)
    except ValueError:
        return False
    fits = not info.length or len(text) <= info.length
    return fits and (not info.restricted or text in info.choices)


def _typed(info: FieldInfo | None, text: str | None) -> object:
    """Canonical text as the value that the CRM keeps and gives back."""
    if info is None or text is None:
        return text
    if info.kind is Kind.FLAG:
        return text == "true"
    if info.kind in _NUMBERS:
        return Decimal(canonical(text, info.kind, info.scale) or "0")
    return text
