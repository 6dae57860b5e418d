"""Apply: what a person read is written, what moved since is refused, twice does no harm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from connector.domain.change import ChangeState, Plan
from connector.errors import BudgetError
from connector.sync.apply import ApplyReport, apply_plan
from connector.sync.plan_file import read_plan, write_plan
from connector.testing.builders import decision_row
from connector.testing.faults import Trouble
from tests.unit.sync.workplace import Workplace

OpenWorkplace = Callable[..., Workplace]
S = ChangeState


@pytest.fixture
def plan(place: Workplace, tmp_path: Path) -> Plan:
    """A plan of three accounts, through its file."""
    records = [place.crm.add("Account", {"Name": f"Customer {n}"}) for n in range(3)]
    place.take_in()
    write_plan(place.plan([decision_row(f"acc:crm:{r}") for r in records]), tmp_path / "p.json")
    return read_plan(tmp_path / "p.json")


def apply(place: Workplace, plan: Plan) -> ApplyReport:
    return apply_plan(place.desk(), place.connection, plan)


def test_applying_writes_the_plan_and_ends_first_contact(place: Workplace, plan: Plan) -> None:
    assert place.store.first_contact("crm")
    report = apply(place, plan)
    assert report.pushed.ended == {S.VERIFIED: 3}
    assert not report.moved
    assert not place.store.first_contact("crm")
    assert {place.held(c.record_id, "Grade") for c in plan.changes} == {("A",)}
    place.take_in()
    assert place.plan([decision_row(c.party_id) for c in plan.changes]).changes == ()


def test_a_record_that_moved_since_is_refused_and_stays_as_it_is(
    place: Workplace, plan: Plan
) -> None:
    moved, gone, stays = (c.record_id for c in plan.changes)
    place.crm.edit("Account", moved, {"Grade": "Z"})
    place.crm.delete("Account", gone)
    report = apply(place, plan)
    assert [c.record_id for c in report.moved] == [moved, gone]
    assert report.pushed.ended == {S.VERIFIED: 1}
    assert place.states(plan) == {moved: S.MOVED, gone: S.MOVED, stays: S.VERIFIED}
    assert place.held(moved, "Grade", "Score") == ("Z", None)


def test_other_fields_of_the_record_may_move(place: Workplace, plan: Plan) -> None:
    for change in plan.changes:
        place.crm.edit("Account", change.record_id, {"Name": "renamed"})
    assert apply(place, plan).pushed.ended == {S.VERIFIED: 3}


def test_applying_the_same_file_again_writes_nothing(place: Workplace, plan: Plan) -> None:
    apply(place, plan)
    calls = place.crm.call_counts()["write"]
    again = apply(place, plan)
    assert (again.pushed.ended, again.moved) == ({}, [])
    assert place.crm.call_counts()["write"] == calls


def test_an_apply_that_was_cut_short_is_finished_by_the_next_one(
    workplaces: OpenWorkplace,
) -> None:
    place = workplaces(batch_size=1)
    records = [place.crm.add("Account", {"Name": f"Customer {n}"}) for n in range(4)]
    place.take_in()
    plan = place.plan([decision_row(f"acc:crm:{r}") for r in records])
    place.crm.fail("update", Trouble.LOST_AFTER, skip=1)
    place.crm.fail("read", Trouble.BUDGET, skip=1)
    with pytest.raises(BudgetError):
        apply(place, plan)
    assert place.store.first_contact("crm")
    report = apply(place, plan)
    assert report.recovered.ended == {S.VERIFIED: 1}  # sent, and its answer lost
    assert report.pushed.ended == {S.VERIFIED: 2}
    assert not report.moved
    assert sorted(e.record_id for e in place.crm.effects) == sorted(records)


def test_conflicts_of_the_plan_stay_open_for_a_person(workplaces: OpenWorkplace) -> None:
    place = workplaces(owners={"grade": "ask"})
    held, free = (place.crm.add("Account", {"Name": name}) for name in ("held", "free"))
    place.take_in()
    rows = [decision_row(f"acc:crm:{r}") for r in (held, free)]
    place.push(place.plan(rows))
    place.crm.edit("Account", held, {"Grade": "Z"})
    place.take_in()
    rows = [decision_row(f"acc:crm:{r}", grade="B") for r in (held, free)]
    report = apply(place, place.plan(rows))
    assert report.pushed.ended == {S.VERIFIED: 1}
    assert [c.record_id for c in place.store.open_conflicts("crm")] == [held]
    assert place.held(held, "Grade") == ("Z",)
