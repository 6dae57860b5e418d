"""Sending: what every way of writing shares – intent before the call, an event for every end."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from connector.domain.change import Change, ChangeKind, ChangeState
from connector.errors import TransientError, UnknownOutcomeError, VendorError
from connector.logs import get_logger
from connector.ports.crm import RowOutcome, WriteRow
from connector.ports.store import JournalEntry
from connector.sync.crash import crash_point
from connector.sync.desk import Connection, Desk
from connector.sync.pace import MOST_TOLD, Pace
from connector.sync.push_report import PushReport

COMMIT_ROWS = 2_000
"""Events in one commit of the store, so that others get their turn."""

MOST_FAILED = 3
"""Calls without an answer, one after the other, after which a pass sends no more."""

_STATE_OF = {
    "ok": ChangeState.ACKED,
    "rejected": ChangeState.REJECTED,
    "retry": ChangeState.RETRY,
    "gone": ChangeState.GONE,
}


@dataclass
class Sending:
    """One push to one connection.

    `by_batch` are changes that no job takes; `jobless` the objects whose jobs came to nothing.
    `alone` counts, by object and code, the rows refused one after the other with none accepted
    between them; `failed` the calls in a row that failed as a whole for a passing reason.
    """

    desk: Desk
    connection: Connection
    report: PushReport
    pace: Pace
    by_batch: set[str] = field(default_factory=set)
    jobless: set[str] = field(default_factory=set)
    alone: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: int = 0

    @property
    def rests(self) -> bool:
        """Whether the vendor is to be left alone until the next pass."""
        return self.failed >= MOST_FAILED or self.pace.told > MOST_TOLD

    def intend(self, changes: Sequence[Change], batch_id: str) -> None:
        """Make the intent durable: nothing of it was sent before."""
        for start in range(0, len(changes), COMMIT_ROWS):
            portion = changes[start : start + COMMIT_ROWS]
            self.desk.append(self.connection, [_intent(c, batch_id) for c in portion])

    def note(
        self,
        changes: Sequence[Change],
        state: ChangeState,
        batch_id: str,
        reason: VendorError | RowOutcome | None = None,
    ) -> None:
        """Put changes into a state, with the vendor's reason."""
        payload = _payload(reason)
        for start in range(0, len(changes), COMMIT_ROWS):
            portion = changes[start : start + COMMIT_ROWS]
            self.desk.append(
                self.connection, [_event(c, state, batch_id, payload) for c in portion]
            )

    def call(self, batch: Sequence[Change], unchanged_since: str = "") -> Sequence[RowOutcome]:
        """One write call; UnknownOutcomeError when it answers for another number of rows."""
        rows = [to_row(change, unchanged_since) for change in batch]
        try:
            outcomes = self._write(batch[0], rows)
        except TransientError:
            self.failed += 1
            raise
        except VendorError:
            self.failed = 0
            raise
        self.failed = 0
        if len(outcomes) != len(batch):
            raise UnknownOutcomeError(
                "The vendor answered for {got} of {sent} rows.",
                next_step="The rows are read back before anything is sent again.",
                got=len(outcomes),
                sent=len(batch),
            )
        return outcomes

    def _write(self, first: Change, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        writer = self.connection.writer
        if first.kind is ChangeKind.UPDATE:
            return writer.update(first.object_name, rows)
        if self.connection.keyed(first):
            return writer.upsert(first.object_name, first.key_field, rows)
        return writer.create(first.object_name, rows)

    def take(
        self, batch: Sequence[Change], batch_id: str, outcomes: Sequence[RowOutcome]
    ) -> list[Change]:
        """Journal what became of each row; the changes that must be tried again."""
        again: list[Change] = []
        for start in range(0, len(batch), COMMIT_ROWS):
            end = start + COMMIT_ROWS
            pairs = list(zip(batch[start:end], outcomes[start:end], strict=True))
            self.desk.append(self.connection, [_outcome_event(*pair, batch_id) for pair in pairs])
            for change, outcome in pairs:
                again += self._settle(change, outcome)
        crash_point("after-acked")
        get_logger(run=self.desk.run_id).info(
            "batch",
            connection=self.connection.name,
            batch=batch_id,
            rows=len(batch),
            outcome=f"refused {sum(o.state in ('rejected', 'gone') for o in outcomes)}, "
            f"again {len(again)}",
        )
        return again

    def _settle(self, change: Change, outcome: RowOutcome) -> list[Change]:
        state = _STATE_OF[outcome.state]
        if state is ChangeState.RETRY:
            return [replace(change, state=ChangeState.RETRY)]
        if state is ChangeState.ACKED:
            for known in [k for k in self.alone if k[0] == change.object_name]:
                del self.alone[known]
        else:
            self.report.count(state)
            self.report.note_refusal(change, outcome)
        return []


def new_batch_id() -> str:
    """A name for rows that are sent together, unique in the journal."""
    return uuid.uuid4().hex[:16]


def to_row(change: Change, unchanged_since: str = "") -> WriteRow:
    """The row that a target writes."""
    return WriteRow(
        values={f.field: f.ours for f in change.writes},
        record_id=change.record_id if change.kind is ChangeKind.UPDATE else "",
        key=change.key,
        unchanged_since=unchanged_since,
    )


def _intent(change: Change, batch_id: str) -> JournalEntry:
    fields = {f.field: f.ours for f in change.writes}
    return _event(change, ChangeState.SENT, batch_id, {"fields": fields})


def _outcome_event(change: Change, outcome: RowOutcome, batch_id: str) -> JournalEntry:
    state = _STATE_OF[outcome.state]
    return JournalEntry(
        change_id=change.id,
        state=state,
        batch_id=batch_id,
        record_id=outcome.record_id or change.record_id,
        payload=None if state is ChangeState.ACKED else _payload(outcome),
    )


def _event(
    change: Change, state: ChangeState, batch_id: str, payload: Mapping[str, object]
) -> JournalEntry:
    return JournalEntry(
        change_id=change.id,
        state=state,
        batch_id=batch_id,
        record_id=change.record_id,
        payload=payload,
    )


def _payload(reason: VendorError | RowOutcome | None) -> dict[str, object]:
    if isinstance(reason, RowOutcome):
        return {"code": reason.code, "message": reason.message, "fields": reason.fields}
    return {} if reason is None else {"code": reason.code, "message": str(reason)}
