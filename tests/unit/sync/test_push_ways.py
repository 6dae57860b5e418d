"""Refused batches halved, sizes that learn, edited records kept, values that the CRM alters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connector.domain.change import Change, ChangeState, Plan
from connector.errors import BudgetError, RefusedError, TransientError
from connector.ports.allowance import Pressure
from connector.ports.crm import Budget, RowOutcome, WriteRow
from connector.testing.builders import decision_row
from tests.unit.sync.workplace import Workplace

OpenWorkplace = Callable[..., Workplace]
S = ChangeState


def portfolio(place: Workplace, count: int = 1, **cells: object) -> Plan:
    records = [place.crm.add("Account", {"Name": f"Customer {n}"}) for n in range(count)]
    place.take_in()
    return place.plan([decision_row(f"acc:crm:{record}", **cells) for record in records])


def effects(place: Workplace) -> Counter[str]:
    return Counter(effect.record_id for effect in place.crm.effects)


def refuse_calls(place: Workplace, bad: Collection[str], *, by_trigger: bool) -> list[int]:
    """Every call that holds a bad record fails as a whole; the sizes of all calls, as they come."""
    update, sizes = place.crm.update, []

    def refusing(object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        sizes.append(len(rows))
        if not any(row.record_id in bad for row in rows):
            return update(object_name, rows)
        if by_trigger:
            together = len(rows) > 1
            return [RowOutcome("rejected", r.record_id, "APEX", "x", (), together) for r in rows]
        raise RefusedError("Malformed.", code="JSON", by_row=True)

    place.crm.update = refusing  # type: ignore[method-assign]
    return sizes


# -- refused batches ---------------------------------------------------------------------------


@pytest.mark.parametrize("by_trigger", [True, False])
def test_the_bad_row_of_a_refused_batch_is_found_by_halving(
    place: Workplace, by_trigger: bool
) -> None:
    """Goes red when a refused batch ends the push, or takes its good rows along."""
    plan = portfolio(place, 200)
    bad = plan.to_write[137]
    sizes = refuse_calls(place, {bad.record_id}, by_trigger=by_trigger)
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 199, S.REJECTED: 1}
    assert [c.record_id for c, _ in report.refusals] == [bad.record_id]
    assert len(sizes) <= 1 + 2 * 8
    assert report.extra_calls == len(sizes) - 1
    assert set(effects(place).values()) == {1}


def test_several_bad_rows_are_found_and_the_good_ones_between_them_pass(place: Workplace) -> None:
    plan = portfolio(place, 64)
    bad = {plan.to_write[n].record_id for n in (0, 1, 2, 31, 63)}
    refuse_calls(place, bad, by_trigger=False)
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 59, S.REJECTED: 5}
    assert {c.record_id for c, _ in report.refusals} == bad


def test_when_no_row_passes_nobody_looks_for_more(place: Workplace) -> None:
    """Goes red when a broken trigger costs two calls for each row."""
    plan = portfolio(place, 200)
    sizes = refuse_calls(place, {c.record_id for c in plan.changes}, by_trigger=True)
    assert place.push(plan).ended == {S.REJECTED: 200}
    assert len(sizes) <= 25


def test_a_refusal_of_the_call_itself_is_not_searched_for_in_the_rows(place: Workplace) -> None:
    plan = portfolio(place, 10)

    def refusing(object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        raise RefusedError("No permission.", code="ACCESS")

    place.crm.update = refusing  # type: ignore[method-assign]
    with pytest.raises(RefusedError, match="No permission"):
        place.push(plan)
    assert set(place.states(plan).values()) == {S.PLANNED}


# -- sizes and pauses --------------------------------------------------------------------------


def watch_sizes(place: Workplace) -> list[int]:
    update, sizes = place.crm.update, []

    def spy(object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        sizes.append(len(rows))
        return update(object_name, rows)

    place.crm.update = spy  # type: ignore[method-assign]
    return sizes


def test_a_lock_halves_the_batches_and_the_next_run_remembers(workplaces: OpenWorkplace) -> None:
    place = workplaces(batch_size=16)
    plan = portfolio(place, 40)
    place.crm.refuse(plan.to_write[0].record_id, "retry", code="LOCK")
    sizes = watch_sizes(place)
    assert place.push(plan).ended == {S.VERIFIED: 40}
    assert sizes[:3] == [16, 8, 9]
    remembered = place.store.batch_sizes("crm")["Account"]
    assert 8 < remembered < 16
    del sizes[:]
    place.take_in()
    again = place.plan([decision_row(c.party_id, grade="C") for c in plan.changes])
    assert place.push(again).ended == {S.VERIFIED: 40}
    assert sizes[0] == remembered
    assert sizes[-2] == sizes[0] + len(sizes) - 2  # it grows by one row after each clean call


def test_the_vendors_wish_to_wait_is_honoured(place: Workplace) -> None:
    plan = portfolio(place)
    update, answers = place.crm.update, iter([75.0])

    def busy(object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        if (wish := next(answers, None)) is not None:
            raise TransientError("Busy.", code="BUSY", retry_after=wish)
        return update(object_name, rows)

    place.crm.update = busy  # type: ignore[method-assign]
    assert place.push(plan).ended == {S.VERIFIED: 1}
    assert 75.0 <= sum(place.clock.slept) <= 75.0 * 1.5
    assert max(place.clock.slept) <= 30.0  # in pieces, or the lease would run out


def test_a_wish_too_long_for_a_run_is_left_to_the_next(place: Workplace) -> None:
    plan = portfolio(place)

    def busy(object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        raise TransientError("Busy.", code="BUSY", retry_after=3000.0)

    place.crm.update = busy  # type: ignore[method-assign]
    assert place.push(plan).ended == {S.RETRY: 1}
    assert place.clock.slept == []


def test_a_vendor_who_is_down_is_not_asked_row_by_row(workplaces: OpenWorkplace) -> None:
    """Goes red when every failing call is followed at once by a smaller one, down to one row."""
    place = workplaces(batch_size=16)
    plan = portfolio(place, 100)
    sizes: list[int] = []

    def down(object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        sizes.append(len(rows))
        raise TransientError("Busy.", code="BUSY")

    update = place.crm.update
    place.crm.update = down  # type: ignore[method-assign]
    assert place.push(plan).ended == {S.RETRY: 100}
    assert len(sizes) <= 3 * 4
    assert set(place.states(plan).values()) == {S.RETRY, S.PLANNED}
    place.crm.update = update  # type: ignore[method-assign]
    assert place.push(plan).ended == {S.VERIFIED: 100}
    assert set(effects(place).values()) == {1}


def test_a_wish_too_long_for_a_run_ends_the_pass_too(workplaces: OpenWorkplace) -> None:
    place = workplaces(batch_size=10)
    plan = portfolio(place, 30)
    calls: list[int] = []

    def busy(object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        calls.append(len(rows))
        raise TransientError("Busy.", code="BUSY", retry_after=3000.0)

    place.crm.update = busy  # type: ignore[method-assign]
    assert place.push(plan).ended == {S.RETRY: 30}
    assert calls == [10]


# -- when calls are short ----------------------------------------------------------------------


def test_when_calls_are_short_holds_go_and_the_rest_waits(place: Workplace) -> None:
    calm, held = (place.crm.add("Account", {"Name": name}) for name in ("calm", "held"))
    place.take_in()
    plan = place.plan([decision_row(f"acc:crm:{calm}"), decision_row(f"acc:crm:{held}", hold=True)])
    place.crm.budget = lambda: Budget(90, 100, 2, Pressure.BLOCKING_FIRST)  # type: ignore[method-assign]
    with pytest.raises(BudgetError, match="1 other changes wait"):
        place.push(plan)
    assert place.states(plan) == {held: S.VERIFIED, calm: S.PLANNED}


# -- contested records -------------------------------------------------------------------------


def edited_score(place: Workplace) -> tuple[str, Change, Plan]:
    """A score of ours that a rep has changed, and the plan that writes ours again."""
    plan = portfolio(place)
    place.push(plan)
    record, party = plan.changes[0].record_id, plan.changes[0].party_id
    place.clock.move(seconds=60)
    place.crm.edit("Account", record, {"Score": Decimal(7)}, by="rep")
    place.take_in()
    again = place.plan([decision_row(party)])
    (change,) = again.to_write
    assert change.conflicts
    return record, change, again


def test_an_edited_record_is_written_while_it_stands_as_it_was_read(place: Workplace) -> None:
    record, _, plan = edited_score(place)
    conditions: list[str] = []
    update = place.crm.update

    def spy(object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        conditions.extend(row.unchanged_since for row in rows)
        return update(object_name, rows)

    place.crm.update = spy  # type: ignore[method-assign]
    assert place.push(plan).ended == {S.VERIFIED: 1}
    assert [bool(condition) for condition in conditions] == [True]
    assert place.held(record, "Score") == (Decimal(80),)


def test_an_edit_after_the_reading_is_never_overwritten(place: Workplace) -> None:
    """Goes red when the condition is left out."""
    record, _, plan = edited_score(place)
    place.clock.move(seconds=5)
    place.crm.edit("Account", record, {"Score": Decimal(55)}, by="manager")
    assert place.push(plan).ended == {S.CONFLICT: 1}
    assert place.held(record, "Score") == (Decimal(55),)
    mirror = place.ledger.query(
        "SELECT value FROM seen WHERE record_id = ? AND field = 'Score'", [record]
    )
    assert mirror.to_pylist() == [{"value": "55"}]


def test_another_field_changed_meanwhile_does_not_stop_the_write(place: Workplace) -> None:
    record, change, plan = edited_score(place)
    place.clock.move(seconds=5)
    place.crm.edit("Account", record, {"Name": "Renamed"}, by="rep")
    assert place.push(plan).ended == {S.VERIFIED: 1}
    assert place.held(record, "Name", "Score") == ("Renamed", Decimal(80))
    assert place.trail(change)[1:] == [S.SENT, S.RETRY, S.PLANNED, S.SENT, S.ACKED, S.VERIFIED]


def test_many_records_with_an_asking_owner_are_read_again_and_go_in_batches(
    workplaces: OpenWorkplace,
) -> None:
    place = workplaces(owners={"score": "ask"})
    plan = portfolio(place, 10)
    moved = plan.to_write[4].record_id
    place.clock.move(seconds=5)
    place.crm.edit("Account", moved, {"Score": Decimal(1)}, by="rep")
    sizes = watch_sizes(place)
    assert place.push(plan).ended == {S.VERIFIED: 9, S.CONFLICT: 1}
    assert sizes == [9]
    assert place.held(moved, "Score") == (Decimal(1),)


# -- what the CRM makes of a value -------------------------------------------------------------


def cut_names(place: Workplace) -> None:
    """The CRM cuts every reason text to four letters as it is saved, under our own user."""
    update = place.crm.update

    def cutting(object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        outcomes = update(object_name, rows)
        for row in rows:
            if text := row.values.get("ReasonText"):
                cut = {"ReasonText": text[:4]}
                place.crm.edit("Account", row.record_id, cut, by=place.crm.user)
        return outcomes

    place.crm.update = cutting  # type: ignore[method-assign]


def test_a_value_that_the_crm_alters_on_saving_is_told_once_and_not_quarrelled_with(
    place: Workplace,
) -> None:
    """Goes red when each run writes the same value again."""
    record = place.crm.add("Account", {"Name": "Muster AG"})
    place.take_in()
    party, row = f"acc:crm:{record}", decision_row(f"acc:crm:{record}")
    cut_names(place)
    plan = place.plan([row], wording={party: "Pays late"})
    report = place.push(plan)
    assert report.ended == {S.ALTERED: 1}
    ((_, told),) = report.refusals
    assert (told.code, told.message) == ("ALTERED", "ReasonText: Pays late → Pays")
    place.take_in()
    assert place.plan([row], wording={party: "Pays late"}).changes == ()
    other = place.plan([decision_row(party, grade="C")], wording={party: "Overdue"})
    (change,) = other.to_write
    assert [(f.field, f.base, f.ours, f.edited) for f in change.fields] == [
        ("Grade", "A", "C", False),
        ("ReasonText", "Pays", "Overdue", False),
    ]


def test_a_person_who_edits_an_altered_value_is_heard(place: Workplace) -> None:
    record = place.crm.add("Account", {"Name": "Muster AG"})
    place.take_in()
    party, row = f"acc:crm:{record}", decision_row(f"acc:crm:{record}")
    cut_names(place)
    place.push(place.plan([row], wording={party: "Pays late"}))
    place.clock.move(seconds=60)
    place.crm.edit("Account", record, {"ReasonText": "mine"}, by="rep")
    place.take_in()
    (change,) = place.plan([row], wording={party: "Pays late"}).changes
    assert [(f.field, f.theirs, f.edited) for f in change.fields] == [("ReasonText", "mine", True)]


# -- writes that the store has forgotten -------------------------------------------------------


def test_what_our_own_user_wrote_later_than_the_store_knows_is_no_conflict(
    workplaces: OpenWorkplace,
) -> None:
    """After restoring an older store: our own later write is the base, whoever decides else."""
    place = workplaces(owners={"score": "ask"})
    plan = portfolio(place)
    place.push(plan)
    record, party = plan.changes[0].record_id, plan.changes[0].party_id
    place.clock.move(seconds=60)
    place.crm.edit("Account", record, {"Score": Decimal(60)}, by=place.crm.user)
    place.take_in()
    again = place.plan([decision_row(party, score=Decimal(50))])
    (change,) = again.to_write
    (score,) = [f for f in change.fields if f.field == "Score"]
    assert (score.base, score.theirs, score.ours, score.edited) == ("60", "60", "50", False)
    assert place.push(again).ended == {S.VERIFIED: 1}


def test_a_rep_edit_is_not_hidden_by_a_later_write_of_ours(workplaces: OpenWorkplace) -> None:
    """Goes red when the last modifier alone makes a value ours: a record has one for all fields."""
    place = workplaces(owners={"score": "ask"})
    plan = portfolio(place)
    place.push(plan)
    record, party = plan.changes[0].record_id, plan.changes[0].party_id
    place.clock.move(seconds=60)
    place.crm.edit("Account", record, {"Score": Decimal(7)}, by="rep")
    place.take_in()
    place.push(place.plan([decision_row(party, grade="C")]))
    assert place.held(record, "Grade", "Score") == ("C", Decimal(7))
    place.take_in()
    (conflict,) = place.plan([decision_row(party, grade="C")]).changes
    assert conflict.state is S.CONFLICT
    assert [(f.field, f.theirs) for f in conflict.conflicts] == [("Score", "7")]


def test_an_agreement_without_a_write_of_ours_becomes_the_base(workplaces: OpenWorkplace) -> None:
    """A person types in what we ask for: the conflict ends, and a later edit is one again."""
    place = workplaces(owners={"score": "ask"})
    plan = portfolio(place)
    place.push(plan)
    record, party = plan.changes[0].record_id, plan.changes[0].party_id
    place.clock.move(seconds=60)
    place.crm.edit("Account", record, {"Score": Decimal(55)}, by="manager")
    place.take_in()
    row = decision_row(party, score=Decimal(55))
    assert place.plan([row]).changes == ()
    base = {r["field"]: r["value"] for r in place.store.last_written("crm").to_pylist()}
    assert base["Score"] == "55"
    (change,) = place.plan([decision_row(party, score=Decimal(70))]).to_write
    (score,) = [f for f in change.fields if f.field == "Score"]
    assert (score.base, score.edited) == ("55", False)
    assert date(2026, 3, 2) <= place.today


def test_a_plan_without_our_user_takes_nobody_for_us(workplaces: OpenWorkplace) -> None:
    place = workplaces(owners={"score": "ask"})
    plan = portfolio(place)
    place.push(plan)
    record, party = plan.changes[0].record_id, plan.changes[0].party_id
    place.clock.move(seconds=60)
    place.crm.edit("Account", record, {"Score": Decimal(60)}, by=place.crm.user)
    place.take_in()
    (change,) = place.plan([decision_row(party)], own_user="").changes
    assert replace(change).state is S.CONFLICT
