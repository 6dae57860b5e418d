"""The journal: chained, mirrored, erasable, and any tampering is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections

from connector.domain.change import ChangeState
from connector.errors import StateError
from connector.ports.store import LAST_WRITTEN_SCHEMA, Fence, JournalEntry, Written
from connector.store.models import ConnectionState, JournalRow, PlannedChange
from connector.store.store import DjangoStore
from tests.unit.store.samples import NOW, create, plan, update

FIRST, SECOND, TASK = update("1", "B"), update("2", "B"), create("task|1")


@pytest.fixture
def planned(store: DjangoStore, fence: Fence) -> DjangoStore:
    store.save_plan(plan("r1", FIRST, SECOND, TASK), fence)
    return store


def test_an_event_is_read_back_with_its_detail(planned: DjangoStore, fence: Fence) -> None:
    at = NOW + timedelta(seconds=5)
    detail = {"fields": {"Grade__c": "B"}, "message": 'Größe 客户 "x"\x00', "calls": 3}
    entry = JournalEntry(FIRST.id, ChangeState.SENT, "batch-1", "", detail)
    planned.append_journal("crm", "r2", [entry], [], at, fence)
    event, *earlier = planned.journal("crm")
    assert (event.number, event.at, event.run_id, event.batch_id) == (4, at, "r2", "batch-1")
    assert (event.change_id, event.state, event.payload) == (FIRST.id, ChangeState.SENT, detail)
    assert event.previous == earlier[0].hash
    assert event.record_id == "1"


def test_latest_events_first_of_one_record_or_all(planned: DjangoStore, fence: Fence) -> None:
    created = JournalEntry(TASK.id, ChangeState.ACKED, record_id="00T9")
    planned.append_journal("crm", "r1", [created], [], NOW, fence)
    assert [event.number for event in planned.journal("crm")] == [4, 3, 2, 1]
    assert [event.number for event in planned.journal("crm", limit=2)] == [4, 3]
    assert [event.state for event in planned.journal("crm", record_id="00T9")] == ["acked"]
    assert [event.state for event in planned.journal("crm", record_id="2")] == ["planned"]
    assert not planned.journal("other")


def test_the_last_event_of_a_change_is_its_state(planned: DjangoStore, fence: Fence) -> None:
    steps = (ChangeState.SENT, ChangeState.UNKNOWN, ChangeState.PLANNED, ChangeState.SENT)
    entries = [JournalEntry(FIRST.id, state) for state in steps]
    entries.append(JournalEntry(SECOND.id, ChangeState.GONE))
    planned.append_journal("crm", "r1", entries, [], NOW, fence)
    states = {change.id: change.state for change in planned.open_changes("crm")}
    assert states == {FIRST.id: ChangeState.SENT, TASK.id: ChangeState.PLANNED}


def test_events_and_mirror_move_together(
    planned: DjangoStore, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = JournalEntry(FIRST.id, ChangeState.VERIFIED)
    first = Written("Account", "1", {"Grade__c": "B", "Hold__c": None}, 101)
    planned.append_journal("crm", "r1", [entry], [first], NOW, fence)
    again = Written("Account", "1", {"Grade__c": "A"}, None)
    planned.append_journal("crm", "r1", [], [again], NOW, fence)
    found = planned.last_written("crm")
    assert found.schema == LAST_WRITTEN_SCHEMA
    cells = {row["field"]: (row["value"], row["band"]) for row in found.to_pylist()}
    assert cells == {"Grade__c": ("A", None), "Hold__c": (None, 101)}
    assert len(planned.last_written("other")) == 0

    from connector.store import journal

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(journal, "mirror", fail)
    with pytest.raises(RuntimeError):
        planned.append_journal(
            "crm", "r1", [JournalEntry(SECOND.id, ChangeState.VERIFIED)], [first], NOW, fence
        )
    assert planned.verify_journal("crm") == 4
    assert planned.change_states("crm", [SECOND.id]) == {SECOND.id: ChangeState.PLANNED}


def test_a_change_that_no_plan_holds_is_refused_and_nothing_is_kept(
    planned: DjangoStore, fence: Fence
) -> None:
    entries = [JournalEntry(FIRST.id, ChangeState.SENT), JournalEntry("?", ChangeState.SENT)]
    with pytest.raises(StateError, match="1 changes that no plan of this store holds"):
        planned.append_journal("crm", "r1", entries, [], NOW, fence)
    assert planned.verify_journal("crm") == 3


def test_a_time_without_zone_is_refused(planned: DjangoStore, fence: Fence) -> None:
    entry = JournalEntry(FIRST.id, ChangeState.SENT)
    with pytest.raises(ValueError, match="needs its zone"):
        planned.append_journal("crm", "r1", [entry], [], NOW.replace(tzinfo=None), fence)


def test_each_connection_has_its_own_chain(planned: DjangoStore, fence: Fence) -> None:
    other = update("1", "B", connection="erp")
    planned.save_plan(plan("r1", other, connection="erp"), fence)
    assert planned.verify_journal("erp") == 1
    assert planned.verify_journal("crm") == 3
    assert planned.verify_journal("never used") == 0
    assert planned.journal("erp")[0].previous == ""


def test_details_can_be_erased_without_breaking_the_chain(
    planned: DjangoStore, fence: Fence
) -> None:
    detail = {"fields": {"Name": "Erika Mustermann"}}
    entries = [JournalEntry(c.id, ChangeState.SENT, payload=detail) for c in (FIRST, SECOND)]
    planned.append_journal("crm", "r1", entries, [], NOW, fence)
    assert planned.erase_payloads("crm", "1", fence) == 2
    assert [event.payload for event in planned.journal("crm", record_id="1")] == [{}, {}]
    assert planned.journal("crm", record_id="2")[0].payload == detail
    assert planned.verify_journal("crm") == 5
    texts = JournalRow.objects.using(planned.alias).filter(record_id="1")
    assert not [row for row in texts if row.payload or row.salt]


def _rehash_alone(rows: Callable[[], list[JournalRow]]) -> None:
    from connector.store import journal

    row = rows()[1]
    row.state = "verified"
    row.hash = journal._hash_row(row)
    row.save()


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (lambda rows: rows().filter(number=2).update(state="verified"), "event 2: its content"),
        (lambda rows: rows().filter(number=2).update(record_id="9"), "event 2: its content"),
        (lambda rows: rows().filter(number=2).update(at=NOW + timedelta(1)), "event 2: its cont"),
        (lambda rows: rows().filter(number=2).update(payload='{"a":1}'), "event 2: its detail"),
        (lambda rows: rows().filter(number=2).delete(), "event 2: the event is missing"),
        (lambda rows: rows().filter(number=1).delete(), "event 1: the event is missing"),
        (lambda rows: rows().filter(number=3).delete(), "event 3: the last event is not the one"),
        (lambda rows: rows().delete(), "event 1: the last event is not the one"),
        (_rehash_alone, "event 3: its content"),
    ],
)
def test_tampering_is_found(
    planned: DjangoStore, tamper: Callable[[Callable[[], object]], object], told: str
) -> None:
    def rows() -> object:
        return JournalRow.objects.using(planned.alias).order_by("number")

    assert planned.verify_journal("crm") == 3
    tamper(rows)
    with pytest.raises(StateError, match=told):
        planned.verify_journal("crm")


def test_a_state_that_was_set_behind_the_journal_is_found(planned: DjangoStore) -> None:
    PlannedChange.objects.using(planned.alias).filter(change_id=FIRST.id).update(state="verified")
    with pytest.raises(StateError, match=f"Change {FIRST.id} is marked as verified"):
        planned.verify_journal("crm")


def test_a_head_that_was_set_back_is_found(planned: DjangoStore) -> None:
    ConnectionState.objects.using(planned.alias).update(events=2)
    with pytest.raises(StateError, match="the last event is not the one the head names"):
        planned.verify_journal("crm")


def test_a_second_event_of_the_same_number_cannot_be_stored(planned: DjangoStore) -> None:
    row = JournalRow.objects.using(planned.alias).get(number=2)
    row.pk = None
    from django.db import IntegrityError

    with pytest.raises(IntegrityError):
        row.save(using=planned.alias)
    connections[planned.alias].close()
    assert planned.verify_journal("crm") == 3
