"""Plans: what is open, in which order, and what a later plan takes the place of."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.change import Change, ChangeState
from connector.ports.store import Fence, JournalEntry
from connector.store.store import DjangoStore
from tests.unit.store.samples import NOW, conflict, create, plan, update


def move(store: DjangoStore, fence: Fence, change: Change, *states: ChangeState) -> None:
    entries = [JournalEntry(change.id, state) for state in states]
    store.append_journal("crm", "push", entries, [], NOW, fence)


def open_records(store: DjangoStore) -> list[str]:
    return [change.record_id or change.key for change in store.open_changes("crm")]


def test_a_plan_comes_back_as_it_was_in_sending_order(store: DjangoStore, fence: Fence) -> None:
    saved = plan(
        "r1",
        create("task|1"),
        update("3", "B"),
        update("2", "B", blocking=True, band=None),
        conflict("4", "D"),
        update("1", "B"),
    )
    store.save_plan(saved, fence)
    assert list(store.open_changes("crm")) == list(saved.to_write)
    assert open_records(store) == ["2", "1", "3", "task|1"]
    assert list(store.open_conflicts("crm")) == [conflict("4", "D")]
    assert store.verify_journal("crm") == 5


def test_plans_of_other_connections_stand_apart(store: DjangoStore, fence: Fence) -> None:
    store.save_plan(plan("r1", update("1", "B")), fence)
    other = update("9", "B", connection="erp")
    store.save_plan(plan("r1", other, connection="erp"), fence)
    assert open_records(store) == ["1"]
    assert list(store.open_changes("erp")) == [other]
    store.save_plan(plan("r2", connection="erp"), fence)
    assert open_records(store) == ["1"]
    assert not store.open_changes("erp")


def test_a_change_with_nothing_to_send_is_not_open(store: DjangoStore, fence: Fence) -> None:
    base = update("1", "C")
    still = replace(base, fields=(replace(base.fields[0], ours="C"),))
    store.save_plan(plan("r1", still), fence)
    assert not store.open_changes("crm")
    assert store.change_states("crm", [still.id]) == {still.id: ChangeState.PLANNED}


def test_saving_the_same_plan_twice_changes_nothing(store: DjangoStore, fence: Fence) -> None:
    saved = plan("r1", update("1", "B"), create("task|1"))
    store.save_plan(saved, fence)
    move(store, fence, saved.changes[0], ChangeState.SENT, ChangeState.VERIFIED)
    before = store.journal("crm")
    store.save_plan(saved, fence)
    assert store.journal("crm") == before
    assert open_records(store) == ["task|1"]


def test_a_later_plan_supersedes_unsent_updates_and_keeps_the_rest(
    store: DjangoStore, fence: Fence
) -> None:
    planned, retried, sent, unknown = (update(record, "B") for record in "1234")
    task, same_task = create("task|1"), create("task|2")
    store.save_plan(
        plan("r1", planned, retried, sent, unknown, task, same_task, conflict("5", "D")), fence
    )
    move(store, fence, retried, ChangeState.SENT, ChangeState.RETRY)
    move(store, fence, sent, ChangeState.SENT)
    move(store, fence, unknown, ChangeState.SENT, ChangeState.UNKNOWN)
    renewed = create("task|2", "write")
    store.save_plan(plan("r2", update("1", "A"), renewed), fence)
    states = store.change_states(
        "crm", [c.id for c in (planned, retried, sent, unknown, same_task)]
    )
    assert list(states.values()).count(ChangeState.SUPERSEDED) == 3
    assert states[sent.id] is ChangeState.SENT
    assert states[unknown.id] is ChangeState.UNKNOWN
    assert store.change_states("crm", [task.id]) == {task.id: ChangeState.PLANNED}
    assert open_records(store) == ["1", "3", "4", "task|1", "task|2"]
    assert store.open_changes("crm")[0] == update("1", "A")
    assert not store.open_conflicts("crm")
    assert store.verify_journal("crm") > 0


def test_the_same_intent_in_a_later_plan_stays_one_change(store: DjangoStore, fence: Fence) -> None:
    change = update("1", "B")
    store.save_plan(plan("r1", change), fence)
    store.save_plan(plan("r2", replace(change, label="renamed", band=202)), fence)
    assert [c.label for c in store.open_changes("crm")] == ["renamed"]
    assert [c.band for c in store.open_changes("crm")] == [202]
    assert store.verify_journal("crm") == 1


def test_a_change_on_its_way_is_not_planned_again(store: DjangoStore, fence: Fence) -> None:
    change = update("1", "B")
    store.save_plan(plan("r1", change), fence)
    move(store, fence, change, ChangeState.SENT)
    store.save_plan(plan("r2", change), fence)
    assert [c.state for c in store.open_changes("crm")] == [ChangeState.SENT]


def test_the_same_intent_is_planned_again_after_its_end(store: DjangoStore, fence: Fence) -> None:
    change = update("1", "B")
    store.save_plan(plan("r1", change), fence)
    move(store, fence, change, ChangeState.SENT, ChangeState.ACKED, ChangeState.VERIFIED)
    assert not store.open_changes("crm")
    store.save_plan(plan("r2", change), fence)
    assert [c.state for c in store.open_changes("crm")] == [ChangeState.PLANNED]
    assert store.verify_journal("crm") == 5


def test_an_older_plan_that_a_person_applies_is_in_force_again(
    store: DjangoStore, fence: Fence
) -> None:
    older, newer = plan("r1", update("1", "B")), plan("r2", update("1", "A"))
    store.save_plan(older, fence)
    store.save_plan(newer, fence)
    assert list(store.open_changes("crm")) == list(newer.changes)
    store.save_plan(older, fence)
    assert list(store.open_changes("crm")) == list(older.changes)


def test_states_of_unknown_changes_are_left_out(store: DjangoStore, fence: Fence) -> None:
    assert store.change_states("crm", ["never", "seen"]) == {}
    store.save_plan(plan("r1", update("1", "B")), fence)
    assert store.change_states("other", [update("1", "B").id]) == {}


def test_a_plan_with_thousands_of_changes(store: DjangoStore, fence: Fence) -> None:
    changes = [update(f"{number:05}", "B") for number in range(2_500)]
    store.save_plan(plan("r1", *changes), fence)
    states = store.change_states("crm", [change.id for change in changes])
    assert len(states) == 2_500
    store.save_plan(plan("r2", *changes[:1_000]), fence)
    assert len(store.open_changes("crm")) == 1_000
    assert store.verify_journal("crm") == 4_000
