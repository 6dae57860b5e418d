"""Push and verify: every end a change can come to, judged by what really happened in the CRM."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from connector.domain.change import Change, ChangeKind, ChangeState, FieldChange, Plan
from connector.errors import BudgetError, BusyError, RefusedError, TransientError
from connector.mapping.write import render_task
from connector.sync.push import push
from connector.testing.builders import account_object, decision_row, flag_row
from connector.testing.faults import Trouble
from tests.unit.sync.workplace import Workplace, plan_of

OpenWorkplace = Callable[..., Workplace]
S = ChangeState


def portfolio(place: Workplace, count: int = 1, **cells: object) -> Plan:
    """The plan of so many accounts that hold nothing of ours yet."""
    records = [place.crm.add("Account", {"Name": f"Customer {n}"}) for n in range(count)]
    place.take_in()
    return place.plan([decision_row(f"acc:crm:{record}", **cells) for record in records])


def task(place: Workplace, key: str, subject: str = "Credit alert") -> Change:
    """A keyed create, as alerts plan it."""
    target = place.connection.mapping.task_target
    assert target is not None
    values = render_task(target, key, {"subject": subject, "due": "2026-03-05"})
    fields = tuple(FieldChange(name, "task", None, None, text) for name, text in values.items())
    return Change(
        connection="crm", object_name="Task", record_id="", party_id="p", label="Muster AG",
        kind=ChangeKind.CREATE, fields=fields, decision_hash="h", key=key,
        key_field=target.search_field,
    )  # fmt: skip


def effects(place: Workplace) -> Counter[str]:
    """How often each record was really written."""
    return Counter(effect.record_id for effect in place.crm.effects)


# -- the ends of an update -----------------------------------------------------------------------


def test_a_good_write_is_intended_sent_acknowledged_and_read_back(place: Workplace) -> None:
    """Goes red when the intent is not journalled, or the read-back is left out."""
    plan = portfolio(place)
    report = place.push(plan)
    (change,) = plan.changes
    assert place.trail(change) == [S.PLANNED, S.SENT, S.ACKED, S.VERIFIED]
    assert report.ended == {S.VERIFIED: 1}
    assert place.held(change.record_id, "Grade", "Score", "Hold") == ("A", Decimal(80), False)
    written = place.store.last_written("crm").to_pylist()
    assert {r["field"]: r["value"] for r in written} == {f.field: f.ours for f in change.writes}
    assert place.store.verify_journal("crm") == 4


def test_the_intent_is_durable_before_the_call(place: Workplace) -> None:
    plan = portfolio(place)
    (change,) = plan.changes
    seen: list[ChangeState] = []
    update = place.crm.update

    def spy(object_name, rows):
        seen.extend(place.states(plan).values())
        return update(object_name, rows)

    place.crm.update = spy  # type: ignore[method-assign]
    place.push(plan)
    assert seen == [S.SENT]
    events = place.store.journal("crm", record_id=change.record_id)
    (sent,) = [e for e in events if e.state is S.SENT]
    assert sent.payload == {"fields": {f.field: f.ours for f in change.writes}}


def test_one_refused_row_does_not_hold_up_the_others(place: Workplace) -> None:
    plan = portfolio(place, 3)
    bad = plan.changes[1].record_id
    place.crm.refuse(bad, "rejected", code="VALIDATION")
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 2, S.REJECTED: 1}
    assert place.states(plan)[bad] is S.REJECTED
    assert [(c.record_id, o.code) for c, o in report.refusals] == [(bad, "VALIDATION")]
    assert bad not in effects(place)


def test_what_was_refused_is_planned_again_by_the_next_run(place: Workplace) -> None:
    plan = portfolio(place)
    (change,) = plan.changes
    place.crm.refuse(change.record_id, "rejected")
    place.push(plan)
    place.take_in()
    again = place.plan([decision_row(change.party_id)])
    assert [c.record_id for c in again.to_write] == [change.record_id]
    assert place.push(again).ended == {S.VERIFIED: 1}


def test_a_passing_refusal_is_sent_again_in_a_smaller_batch(workplaces: OpenWorkplace) -> None:
    place = workplaces(batch_size=8)
    plan = portfolio(place, 9)
    hit = [c.record_id for c in plan.changes[:5]]
    for record in hit:
        place.crm.refuse(record, "retry")
    sizes: list[int] = []
    update = place.crm.update

    def spy(object_name, rows):
        sizes.append(len(rows))
        return update(object_name, rows)

    place.crm.update = spy  # type: ignore[method-assign]
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 9}
    assert sizes == [8, 1, 4, 1]
    (pause,) = place.clock.slept
    assert 2.0 <= pause <= 3.0
    assert place.trail(plan.changes[0]) == [
        S.PLANNED, S.SENT, S.RETRY, S.SENT, S.ACKED, S.VERIFIED,
    ]  # fmt: skip
    assert set(effects(place).values()) == {1}


def test_refused_again_and_again_it_stays_open_and_is_counted(place: Workplace) -> None:
    plan = portfolio(place)
    (change,) = plan.changes
    place.crm.refuse(change.record_id, "retry", times=9)
    report = place.push(plan, attempts=3)
    assert report.ended == {S.RETRY: 1}
    assert place.states(plan) == {change.record_id: S.RETRY}
    first, second = place.clock.slept
    assert (2.0 <= first <= 3.0, 4.0 <= second <= 6.0) == (True, True)
    assert not place.crm.effects


def test_a_record_that_is_gone_ends_there(place: Workplace) -> None:
    plan = portfolio(place, 2)
    gone = plan.changes[0].record_id
    place.crm.delete("Account", gone)
    report = place.push(plan)
    assert report.ended == {S.GONE: 1, S.VERIFIED: 1}
    place.take_in()
    assert place.plan([decision_row(c.party_id) for c in plan.changes]).changes == ()


# -- lost answers --------------------------------------------------------------------------------


def test_a_lost_answer_after_the_write_is_settled_by_reading(place: Workplace) -> None:
    """Goes red when the read-back after an unknown outcome is replaced by sending again."""
    plan = portfolio(place, 2)
    place.crm.fail("update", Trouble.LOST_AFTER)
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 2}
    assert place.trail(plan.changes[0]) == [S.PLANNED, S.SENT, S.UNKNOWN, S.VERIFIED]
    assert place.crm.call_counts()["write"] == 1
    assert set(effects(place).values()) == {1}


def test_a_lost_answer_before_the_write_is_sent_again_once(place: Workplace) -> None:
    plan = portfolio(place)
    place.crm.fail("update", Trouble.LOST_BEFORE)
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 1}
    assert place.trail(plan.changes[0]) == [
        S.PLANNED, S.SENT, S.UNKNOWN, S.PLANNED, S.SENT, S.ACKED, S.VERIFIED,
    ]  # fmt: skip
    assert place.crm.call_counts()["write"] == 2
    assert set(effects(place).values()) == {1}


def test_fewer_answers_than_rows_make_the_whole_batch_unknown(place: Workplace) -> None:
    """Goes red when answers are matched without checking their number."""
    plan = portfolio(place, 3)
    place.crm.fail("update", Trouble.SHORT_ANSWER)
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 3}
    assert all(S.UNKNOWN in place.trail(change) for change in plan.changes)
    assert place.crm.call_counts()["write"] == 1


def test_an_unknown_outcome_with_somebody_elses_value_is_a_conflict(place: Workplace) -> None:
    plan = portfolio(place)
    (change,) = plan.changes
    place.crm.edit("Account", change.record_id, {"Grade": "Z"})
    place.crm.fail("update", Trouble.LOST_BEFORE)
    report = place.push(plan)
    assert report.ended == {S.CONFLICT: 1}
    assert place.held(change.record_id, "Grade") == ("Z",)
    assert not place.crm.effects
    assert place.crm.call_counts()["write"] == 1


def test_an_unknown_outcome_that_cannot_be_read_waits_for_the_next_run(place: Workplace) -> None:
    plan = portfolio(place)
    place.crm.fail("update", Trouble.LOST_AFTER)
    place.crm.fail("read", Trouble.TRANSIENT)
    with pytest.raises(TransientError):
        place.push(plan)
    assert set(place.states(plan).values()) == {S.UNKNOWN}
    assert place.recover().ended == {S.VERIFIED: 1}
    assert set(effects(place).values()) == {1}
    assert place.store.last_written("crm").num_rows == len(plan.changes[0].writes)


# -- whole calls ---------------------------------------------------------------------------------


def test_a_call_refused_for_a_passing_reason_is_repeated(place: Workplace) -> None:
    plan = portfolio(place, 2)
    place.crm.fail("update", Trouble.TRANSIENT, times=2)
    assert place.push(plan).ended == {S.VERIFIED: 2}
    assert place.crm.call_counts()["write"] >= 3
    assert set(effects(place).values()) == {1}


def test_a_call_refused_for_good_ends_the_push_and_leaves_the_rest_planned(
    workplaces: OpenWorkplace,
) -> None:
    place = workplaces(batch_size=1)
    plan = portfolio(place, 3)
    place.crm.fail("update", Trouble.REFUSED, skip=1)
    with pytest.raises(RefusedError):
        place.push(plan)
    assert [place.states(plan)[c.record_id] for c in plan.to_write] == [
        S.VERIFIED, S.PLANNED, S.PLANNED,
    ]  # fmt: skip


def test_a_budget_that_ends_in_the_middle_leaves_what_was_sent_to_the_next_run(
    workplaces: OpenWorkplace,
) -> None:
    place = workplaces(batch_size=2)
    plan = portfolio(place, 5)
    place.crm.fail("update", Trouble.BUDGET, skip=1)
    with pytest.raises(BudgetError):
        place.push(plan)
    ends = [place.states(plan)[c.record_id] for c in plan.to_write]
    assert ends == [S.VERIFIED, S.VERIFIED, S.SENT, S.SENT, S.PLANNED]
    assert place.recover().ended == {}
    assert [place.states(plan)[c.record_id] for c in plan.to_write][2:] == [S.PLANNED] * 3
    place.take_in()
    rest = place.plan([decision_row(c.party_id) for c in plan.changes])
    assert place.push(rest).ended == {S.VERIFIED: 3}
    assert set(effects(place).values()) == {1}


def test_a_runner_that_lost_its_lease_sends_nothing(place: Workplace) -> None:
    """Goes red when the journal is written without the fence."""
    plan = portfolio(place)
    place.store.save_plan(plan, place.fence)
    place.store.acquire_lease("runner", "other:2:2", place.clock.now(), 60, lambda _owner: True)
    desk = place.desk()
    with pytest.raises(BusyError, match="other:2:2"):
        push(desk, place.connection, plan.to_write)
    assert place.crm.call_counts()["write"] == 0


def test_a_connection_that_is_not_written_to_refuses(place: Workplace) -> None:
    plan = portfolio(place)
    place.connection = replace(place.connection, target=None)
    with pytest.raises(RefusedError, match="not written to"):
        place.push(plan)


# -- batches -------------------------------------------------------------------------------------


def test_batches_are_no_longer_than_the_vendor_takes(workplaces: OpenWorkplace) -> None:
    place = workplaces(batch_size=2)
    report = place.push(portfolio(place, 5))
    assert report.ended == {S.VERIFIED: 5}
    assert report.calls == place.crm.call_counts()["write"] == 3


def test_holds_are_sent_before_everything_else_and_tasks_last(workplaces: OpenWorkplace) -> None:
    place = workplaces(batch_size=1)
    calm, held = (place.crm.add("Account", {"Name": name}) for name in ("calm", "held"))
    place.take_in()
    decisions = [decision_row(f"acc:crm:{calm}"), decision_row(f"acc:crm:{held}", hold=True)]
    plan = place.plan(decisions)
    plan = replace(plan, changes=(task(place, "cf-1"), *plan.changes))
    place.push(plan)
    assert [e.record_id for e in place.crm.effects][:2] == [held, calm]
    assert [e.object_name for e in place.crm.effects] == ["Account", "Account", "Task"]


# -- creates -------------------------------------------------------------------------------------


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("trouble", [None, *(t for t in Trouble if t.name.startswith("LOST"))])
def test_a_task_is_created_once_whatever_becomes_of_the_answer(
    workplaces: OpenWorkplace, keyed: bool, trouble: Trouble | None
) -> None:
    place = workplaces(keyed_tasks=keyed)
    if trouble is not None:
        place.crm.fail("write", trouble)
    plan = plan_of(task(place, "cf-1"), task(place, "cf-2"))
    assert place.push(plan).ended == {S.VERIFIED: 2}
    assert place.push(replace(plan, run_id="again")).ended == {S.VERIFIED: 2}
    tasks = place.crm.records("Task").values()
    assert len(tasks) == 2
    name = "Key" if keyed else "Subject"
    assert sorted(str(t[name])[-6:].strip("[]") for t in tasks) == ["cf-1", "cf-2"]
    written = {r["record_id"]: r["value"] for r in place.store.last_written("crm").to_pylist()}
    assert written == {
        change.key: found
        for change in plan.changes
        for found in place.crm.find_by_key("Task", name, [change.key]).values()
    }


def test_without_an_external_id_a_create_is_preceded_by_a_search(workplaces: OpenWorkplace) -> None:
    """A task that an earlier run made and could not note: found, not made again."""
    place = workplaces(keyed_tasks=False)
    there = place.crm.add("Task", {"Subject": "Credit alert [cf-1]"}, by="integration")
    plan = plan_of(task(place, "cf-1"), task(place, "cf-2"))
    assert place.push(plan).ended == {S.VERIFIED: 2}
    assert len(place.crm.records("Task")) == 2
    assert there not in effects(place)
    assert place.trail(plan.changes[0]) == [S.PLANNED, S.VERIFIED]


def test_a_refused_task_is_quarantined(place: Workplace) -> None:
    plan = plan_of(task(place, "cf-1"))
    place.crm.refuse("cf-1", "rejected")
    assert place.push(plan).ended == {S.REJECTED: 1}
    assert not place.crm.records("Task")


# -- a CRM with rules of its own -------------------------------------------------------------------


def test_a_write_that_the_crm_undoes_is_counted_and_not_repeated(place: Workplace) -> None:
    plan = portfolio(place)
    place.crm.automations["Account"] = lambda record: {
        name: None for name in record if name in {f.field for f in plan.changes[0].writes}
    }
    report = place.push(plan)
    assert report.ended == {S.PLANNED: 1}
    assert place.crm.call_counts()["write"] == 1
    assert place.store.last_written("crm").num_rows == 0


def test_a_write_that_the_crm_alters_is_a_conflict(place: Workplace) -> None:
    plan = portfolio(place)
    place.crm.automations["Account"] = lambda _record: {"Grade": "A+"}
    assert place.push(plan).ended == {S.CONFLICT: 1}


def test_choices_that_come_back_in_another_order_are_the_same(place: Workplace) -> None:
    info = account_object()
    flags = replace(info.fields["Flags"], vendor_type="multipicklist")
    place.crm.define(replace(info, fields={**info.fields, "Flags": flags}))
    place.crm.automations["Account"] = lambda _record: {"Flags": "over_limit;disputes_high"}
    place.reconnect()
    record = place.crm.add("Account", {"Name": "Muster AG"})
    place.take_in()
    party = f"acc:crm:{record}"
    plan = place.plan(
        [decision_row(party)], [flag_row(party, "over_limit"), flag_row(party, "disputes_high")]
    )
    assert place.push(plan).ended == {S.VERIFIED: 1}


def test_the_read_back_mirrors_the_whole_record(place: Workplace) -> None:
    plan = portfolio(place)
    place.push(plan)
    record = plan.changes[0].record_id
    mirror = place.ledger.query(
        "SELECT field, value FROM seen WHERE record_id = ?", [record]
    ).to_pylist()
    assert {row["field"] for row in mirror} == set(place.connection.written_fields("Account"))
    assert {r["field"]: r["value"] for r in mirror if r["value"]} == {
        f.field: f.ours for f in plan.changes[0].writes
    }
