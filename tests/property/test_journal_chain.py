"""Any sequence of journal entries: states are a view over events, and the chain finds tampering."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.change import (
    END_STATES,
    Change,
    ChangeKind,
    ChangeState,
    FieldChange,
    Plan,
    PlanCounts,
)
from connector.errors import StateError
from connector.ports.store import Fence, JournalEntry, Written
from connector.store.opening import open_store

if TYPE_CHECKING:
    from connector.store.store import DjangoStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RECORDS = ("a", "b", "c", "d")
NOT_OPEN = END_STATES | {ChangeState.CONFLICT}


def change(connection: str, record: str) -> Change:
    fields = (FieldChange("Grade", "grade", base=None, theirs="C", ours="B"),)
    return Change(connection, "Account", record, "p", "", ChangeKind.UPDATE, fields, "h")


def plan(connection: str) -> Plan:
    return Plan(
        connection, "plan", date(2026, 3, 1), NOW, "policy",
        tuple(change(connection, record) for record in RECORDS), PlanCounts(),
    )  # fmt: skip


PAYLOADS = st.none() | st.dictionaries(
    st.text(max_size=5), st.none() | st.integers() | st.text(max_size=20), max_size=3
)
STEPS = st.lists(
    st.lists(
        st.tuples(st.sampled_from(RECORDS), st.sampled_from(ChangeState), PAYLOADS), max_size=5
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[DjangoStore, Fence]]:
    """One store for all examples; each example has a connection of its own in it."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        yield store, store.acquire_lease("run", "a:1:1", NOW, 60)
        store.close()


EXAMPLES = iter(range(10**9))


@settings(max_examples=40)
@given(steps=STEPS)
def test_states_are_a_view_over_events(
    opened: tuple[DjangoStore, Fence], steps: list[list[tuple[str, ChangeState, object]]]
) -> None:
    store, fence = opened
    connection = f"crm-{next(EXAMPLES)}"
    store.save_plan(plan(connection), fence)
    expected = dict.fromkeys(RECORDS, ChangeState.PLANNED)
    mirror: dict[str, str] = {}
    for number, step in enumerate(steps):
        entries = [
            JournalEntry(change(connection, record).id, state, payload=payload)  # type: ignore[arg-type]  # any JSON
            for record, state, payload in step
        ]
        verified = [record for record, state, _ in step if state is ChangeState.VERIFIED]
        written = [Written("Account", record, {"Grade": f"{number}"}) for record in verified]
        at = NOW + timedelta(seconds=number)
        store.append_journal(connection, f"r{number}", entries, written, at, fence)
        expected |= {record: state for record, state, _ in step}
        mirror |= dict.fromkeys(verified, f"{number}")

    ids = {change(connection, record).id: record for record in RECORDS}
    states = store.change_states(connection, list(ids))
    assert {ids[id]: state for id, state in states.items()} == expected
    last: dict[str, ChangeState] = {}
    events = store.journal(connection, limit=10**6)
    for event in events:
        last.setdefault(event.change_id, event.state)
    assert last == states
    assert {c.record_id: c.state for c in store.open_changes(connection)} == {
        record: state for record, state in expected.items() if state not in NOT_OPEN
    }
    assert store.verify_journal(connection) == len(events) == 4 + sum(map(len, steps))
    told = [(e.change_id, e.state, dict(e.payload)) for e in reversed(events[: len(events) - 4])]
    assert told == [
        (change(connection, record).id, state, payload or {})
        for step in steps
        for record, state, payload in step
    ]
    rows = store.last_written(connection).to_pylist()
    assert {row["record_id"]: row["value"] for row in rows} == mirror


TAMPERED = {
    "run_id": "forged", "change_id": "forged", "state": "gone", "batch_id": "forged",
    "record_id": "forged", "payload": '{"forged":1}', "salt": "00", "payload_digest": "00",
    "previous": "00", "hash": "00", "at": NOW - timedelta(days=1),
}  # fmt: skip


@settings(max_examples=40)
@given(
    states=st.lists(st.sampled_from([ChangeState.SENT, ChangeState.ACKED]), max_size=6),
    data=st.data(),
)
def test_any_touched_cell_or_missing_event_is_found(
    opened: tuple[DjangoStore, Fence], states: list[ChangeState], data: st.DataObject
) -> None:
    store, fence = opened
    connection = f"crm-{next(EXAMPLES)}"
    store.save_plan(plan(connection), fence)
    entries = [JournalEntry(change(connection, "a").id, state) for state in states]
    store.append_journal(connection, "r", entries, [], NOW, fence)
    count = store.verify_journal(connection)
    number = data.draw(st.integers(1, count), label="event")
    cell = data.draw(st.sampled_from(["", *TAMPERED]), label="cell")
    from connector.store.models import JournalRow

    event = JournalRow.objects.using(store.alias).filter(connection=connection, number=number)
    if cell:
        event.update(**{cell: TAMPERED[cell]})
    else:
        event.delete()
    with pytest.raises(StateError, match=f"broken at event {number}: "):
        store.verify_journal(connection)
