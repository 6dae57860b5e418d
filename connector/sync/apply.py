"""Apply a plan that a person has read: re-read every record, refuse what moved, push the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from connector.domain.change import Change, ChangeKind, ChangeState, Plan
from connector.errors import EXIT_OK, EXIT_PARTIAL
from connector.ports.store import JournalEntry
from connector.sync.desk import Connection, Desk
from connector.sync.push import Progress, PushReport, push
from connector.sync.recovery import recover
from connector.sync.verify import READ_BACK_ROWS


@dataclass
class ApplyReport:
    """What became of a plan. `moved` changes were refused: their record changed since."""

    plan: Plan
    pushed: PushReport = field(default_factory=PushReport)
    moved: list[Change] = field(default_factory=list)
    recovered: PushReport = field(default_factory=PushReport)

    @property
    def exit_code(self) -> int:
        """0 ok, 1 when rows were refused because they moved, or by the CRM."""
        states = (ChangeState.REJECTED, ChangeState.RETRY, ChangeState.ALTERED)
        unfinished = sum(self.pushed[state] for state in states)
        return EXIT_PARTIAL if self.moved or unfinished else EXIT_OK


def apply_plan(
    desk: Desk, connection: Connection, plan: Plan, progress: Progress | None = None
) -> ApplyReport:
    """Apply to the connection; ends its first-contact state."""
    report = ApplyReport(plan)
    recover(desk, connection, report.recovered)
    states = desk.store.change_states(connection.name, [c.id for c in plan.changes])
    todo = [c for c in plan.to_write if states.get(c.id) is not ChangeState.VERIFIED]
    waiting = [c for c in plan.changes if c.state is ChangeState.CONFLICT]
    desk.store.save_plan(replace(plan, changes=(*todo, *waiting)), desk.fence)
    stay, report.moved = _compare(desk, connection, todo)
    desk.append(
        connection,
        [JournalEntry(c.id, ChangeState.MOVED, record_id=c.record_id) for c in report.moved],
    )
    report.pushed = push(desk, connection, stay, progress, compared=True)
    if stay or not todo:
        desk.store.end_first_contact(connection.name, plan.id, desk.fence)
    return report


def _compare(
    desk: Desk, connection: Connection, changes: Sequence[Change]
) -> tuple[list[Change], list[Change]]:
    """Changes whose record still holds what the plan saw, and those whose base moved."""
    stay: list[Change] = []
    moved: list[Change] = []
    updates = [c for c in changes if c.kind is ChangeKind.UPDATE]
    for object_name in sorted({c.object_name for c in updates}):
        of_object = [c for c in updates if c.object_name == object_name]
        for start in range(0, len(of_object), READ_BACK_ROWS):
            chunk = of_object[start : start + READ_BACK_ROWS]
            records = connection.read_back(object_name, [c.record_id for c in chunk])
            for change in chunk:
                record = records.get(change.record_id)
                held = connection.held(object_name, record) if record is not None else {}
                same = record is not None and all(
                    held.get(f.field) == f.theirs for f in change.writes
                )
                (stay if same else moved).append(change)
    stay += [c for c in changes if c.kind is ChangeKind.CREATE]
    return stay, moved
