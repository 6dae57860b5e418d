"""Plan: base, theirs and ours, field by field, and where every record ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.domain.change import Change, ChangeState, FieldChange, Owner, Plan, PlanCounts
from connector.ports.store import ADOPTED_SCHEMA
from connector.testing.builders import breakdown_row, decision_row, flag_row, mapping_text
from tests.unit.sync.workplace import Workplace

OpenWorkplace = Callable[..., Workplace]


def account(place: Workplace, **values: object) -> str:
    return place.crm.add("Account", {"Name": "Muster AG", **values})


def party(record_id: str) -> str:
    return f"acc:crm:{record_id}"


def only(plan: Plan) -> Change:
    (change,) = plan.changes
    return change


def field_of(change: Change, credit_field: str) -> FieldChange:
    return next(f for f in change.fields if f.credit_field == credit_field)


def settle(place: Workplace, *rows: dict[str, object]) -> None:
    """Write these decisions and read them back with the next pull."""
    place.push(place.plan(rows))
    place.take_in()


# -- the three-way rule ------------------------------------------------------------------------


def test_a_first_write_has_no_base_and_sends_every_field_that_has_a_value(place: Workplace) -> None:
    record = account(place)
    place.take_in()
    change = only(place.plan([decision_row(party(record), oldest_due_date=date(2026, 2, 4))]))
    assert {f.base for f in change.fields} == {None}
    assert {f.credit_field: f.ours for f in change.writes} == {
        "score": "80", "grade": "A", "colour": "green", "hold": "false", "limit_state": "none",
        "proposed_limit": "1000", "exposure": "100", "overdue": "0",
        "oldest_due_date": "2026-02-04", "next_review": "2026-09-01", "currency": "EUR",
    }  # fmt: skip
    assert not change.conflicts
    assert (change.label, change.party_id) == ("Muster AG", party(record))


def test_what_the_crm_holds_already_is_not_written(place: Workplace) -> None:
    record = account(place)
    place.take_in()
    row = decision_row(party(record))
    settle(place, row)
    plan = place.plan([row])
    assert plan.changes == ()
    assert plan.counts.unchanged == plan.counts.records == 1


def test_ours_moved_and_theirs_did_not_is_a_plain_update(place: Workplace) -> None:
    record = account(place)
    place.take_in()
    settle(place, decision_row(party(record)))
    change = only(place.plan([decision_row(party(record), grade="C")]))
    assert [(f.credit_field, f.base, f.theirs, f.ours, f.edited, f.cause) for f in change.fields] \
        == [("grade", "A", "A", "C", False, True)]  # fmt: skip


def test_the_ageing_goes_out_as_data_in_the_order_of_its_buckets(place: Workplace) -> None:
    record = account(place)
    place.take_in()
    owed = {"over_120": (3, "7.5"), "31_60": (2, "0"), "current": (0, "100"), "1_30": (1, "20")}
    rows = [
        breakdown_row(party(record), name, number, amount, selling_company=company)
        for company in ("", "DE01")
        for name, (number, amount) in owed.items()
    ]
    other = breakdown_row(party(record), "pumps", 0, "3", dimension="product_line")
    change = only(place.plan([decision_row(party(record))], breakdown=[*rows, other]))
    assert json.loads(field_of(change, "ageing").ours or "") == {
        "buckets": [["current", "100"], ["1_30", "20"], ["31_60", "0"], ["over_120", "7.5"]]
    }


@pytest.mark.parametrize(
    ("owner", "state", "sent"),
    [
        (Owner.OURS, ChangeState.PLANNED, ["Score"]),
        (Owner.ASK, ChangeState.CONFLICT, []),
        (Owner.THEIRS, ChangeState.CONFLICT, []),
    ],
)
def test_a_hand_edit_is_settled_by_the_owner_of_the_field(
    workplaces: OpenWorkplace, owner: Owner, state: ChangeState, sent: list[str]
) -> None:
    place = workplaces(owners={"score": owner.value})
    record = account(place)
    place.take_in()
    row = decision_row(party(record))
    settle(place, row)
    place.crm.edit("Account", record, {"Score": Decimal(7)}, by="rep")
    place.take_in()
    change = only(place.plan([row]))
    edited = field_of(change, "score")
    assert (edited.base, edited.theirs, edited.ours) == ("80", "7", "80")
    assert edited.edited
    assert edited.owner is owner
    assert change.state is state
    assert [f.field for f in change.writes] == sent
    assert change.modified_by == "rep"
    assert change.modified_at


def test_a_hand_edit_to_our_own_value_is_no_conflict(place: Workplace) -> None:
    record = account(place)
    place.take_in()
    settle(place, decision_row(party(record)))
    place.crm.edit("Account", record, {"Grade": "B"})
    place.take_in()
    assert place.plan([decision_row(party(record), grade="B")]).changes == ()


def test_one_record_may_be_written_and_wait_at_once(workplaces: OpenWorkplace) -> None:
    place = workplaces(owners={"next_review": "ask"})
    record = account(place)
    place.take_in()
    settle(place, decision_row(party(record)))
    place.crm.edit("Account", record, {"NextReview": "2027-01-01"})
    place.take_in()
    plan = place.plan([decision_row(party(record), grade="C")])
    assert sorted((c.state.value, [f.credit_field for f in c.fields]) for c in plan.changes) == [
        ("conflict", ["next_review"]),
        ("planned", ["grade"]),
    ]
    assert [c.state for c in plan.to_write] == [ChangeState.PLANNED]


@pytest.mark.parametrize("owner", ["ask", "theirs"])
def test_a_value_that_stood_there_before_our_first_write_is_not_ours(
    workplaces: OpenWorkplace, owner: str
) -> None:
    place = workplaces(owners={"score": owner})
    record = account(place, Score=Decimal(33))
    place.take_in()
    plan = place.plan([decision_row(party(record))])
    (waiting,) = [c for c in plan.changes if c.state is ChangeState.CONFLICT]
    assert [(f.credit_field, f.theirs) for f in waiting.fields] == [("score", "33")]
    place.push(plan)
    assert place.held(record, "Score", "Grade") == (Decimal(33), "A")


def test_an_unticked_box_is_not_somebodys_value(workplaces: OpenWorkplace) -> None:
    place = workplaces(owners={"hold": "ask"})
    record = account(place, Hold=False)
    place.take_in()
    place.push(place.plan([decision_row(party(record), hold=True)]))
    assert place.held(record, "Hold") == (True,)


def test_a_field_we_no_longer_have_a_value_for_is_cleared(place: Workplace) -> None:
    record = account(place)
    place.take_in()
    settle(place, decision_row(party(record), grade="B", oldest_due_date=date(2026, 2, 4)))
    settle(place, decision_row(party(record), grade=None, oldest_due_date=None))
    assert place.held(record, "Grade", "OldestDueDate") == (None, None)
    assert place.plan([decision_row(party(record), grade=None, oldest_due_date=None)]).changes == ()


# -- adopted values ----------------------------------------------------------------------------


def adopt(place: Workplace, record: str, field: str, credit_field: str, value: str) -> None:
    row = {"object_name": "Account", "record_id": record, "field": field, "value": value,
           "credit_field": credit_field, "party_id": party(record),
           "adopted_on": place.today, "review_on": place.today}  # fmt: skip
    place.store.adopt("crm", pa.Table.from_pylist([row], schema=ADOPTED_SCHEMA), place.fence)


def test_an_adopted_grade_is_pinned_and_no_conflict(place: Workplace) -> None:
    record = account(place, Grade="B")
    place.take_in()
    adopt(place, record, "Grade", "grade", "B")
    change = only(place.plan([decision_row(party(record), grade="D")]))
    assert "grade" not in {f.credit_field for f in change.fields}


def test_an_adopted_limit_is_pinned_until_another_one_is_approved(place: Workplace) -> None:
    record = account(place, Limit=Decimal(5000))
    place.take_in()
    adopt(place, record, "Limit", "limit", "5000")
    inherited = {"approved_state": "amount", "approved_amount": Decimal(5000)}
    change = only(
        place.plan([decision_row(party(record), approved_source="inherited", **inherited)])
    )
    assert "limit" not in {f.credit_field for f in change.fields}
    approved = {"approved_state": "amount", "approved_amount": Decimal(7000)}
    change = only(place.plan([decision_row(party(record), approved_source="person", **approved)]))
    assert field_of(change, "limit").ours == "7000"
    assert not field_of(change, "limit").edited


def test_an_adopted_value_that_a_person_changed_is_not_put_back(place: Workplace) -> None:
    record = account(place, Hold=True)
    place.take_in()
    adopt(place, record, "Hold", "hold", "true")
    place.crm.edit("Account", record, {"Hold": False}, by="credit manager")
    place.take_in()
    plan = place.plan([decision_row(party(record), hold=True)])
    (waiting,) = [c for c in plan.changes if c.state is ChangeState.CONFLICT]
    assert [f.credit_field for f in waiting.fields] == ["hold"]
    place.push(plan)
    assert place.held(record, "Hold") == (False,)


# -- what stands still -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exposure", "band", "written"),
    [
        ("1049.99", 0, False),  # 5 % of 1000 is 50
        ("1050", 0, False),
        ("1050.01", 0, True),
        ("950", 0, False),
        ("949.99", 0, True),
        ("1000.01", 100, True),  # a threshold was crossed
    ],
)
def test_amounts_are_written_past_the_tolerance_or_across_a_threshold(
    place: Workplace, exposure: str, band: int, written: bool
) -> None:
    record = account(place)
    place.take_in()
    settle(place, decision_row(party(record), net_exposure=Decimal(1000)))
    plan = place.plan([decision_row(party(record), net_exposure=Decimal(exposure), band=band)])
    assert bool(plan.changes) is written
    assert (plan.counts.planned, plan.counts.within_tolerance) == ((1, 0) if written else (0, 1))


def test_small_amounts_move_only_past_the_least_amount(place: Workplace) -> None:
    record = account(place)
    place.take_in()
    settle(place, decision_row(party(record), net_exposure=Decimal(20)))
    assert not place.plan([decision_row(party(record), net_exposure=Decimal(30))]).changes
    assert place.plan([decision_row(party(record), net_exposure=Decimal("30.01"))]).changes


def test_the_tolerance_is_measured_from_what_was_written_not_from_yesterday(
    place: Workplace,
) -> None:
    record = account(place)
    place.take_in()
    settle(place, decision_row(party(record), net_exposure=Decimal(1000)))
    for quiet in ("1020", "1040", "1049"):
        assert not place.plan([decision_row(party(record), net_exposure=Decimal(quiet))]).changes
    assert place.plan([decision_row(party(record), net_exposure=Decimal(1060))]).changes


def test_some_fields_only_go_along_with_a_cause(place: Workplace) -> None:
    record = account(place)
    place.take_in()
    settle(place, decision_row(party(record), overdue=Decimal(10)))
    banded = place.plan([decision_row(party(record), overdue=Decimal(99), band=1)])
    assert {f.credit_field: f.cause for f in only(banded).fields} == {"overdue": True}
    quiet = place.plan(
        [decision_row(party(record), overdue=Decimal(99))], wording={party(record): "x"}
    )
    assert not quiet.changes
    assert quiet.counts.within_tolerance == 1
    change = only(place.plan([decision_row(party(record), overdue=Decimal(99), grade="B")]))
    assert {f.credit_field: f.cause for f in change.fields} == {"grade": True, "overdue": False}
    assert {f.credit_field for f in change.writes} == {"grade", "overdue"}


# -- records, counts, order --------------------------------------------------------------------


def test_two_accounts_of_one_party_both_get_its_decision(place: Workplace) -> None:
    known = {"Registration": "HRB 4711", "Country": "DE"}
    first, second = account(place, **known), account(place, **known)
    place.take_in()
    (shared,) = {
        r["party_id"] for r in place.ledger.query("SELECT party_id FROM account_party").to_pylist()
    }
    plan = place.plan([decision_row(shared)])
    assert {c.record_id for c in plan.changes} == {first, second}
    assert {c.party_id for c in plan.changes} == {shared}
    assert plan.counts.records == 2


def test_every_record_ends_in_one_place(workplaces: OpenWorkplace) -> None:
    place = workplaces(owners={"next_review": "ask"})
    names = ["unchanged", "moved", "quiet", "waiting", "both"]
    ids = {name: account(place, Name=name) for name in names}
    place.take_in()
    settle(place, *(decision_row(party(r), net_exposure=Decimal(1000)) for r in ids.values()))
    for name in ("waiting", "both"):
        place.crm.edit("Account", ids[name], {"NextReview": "2030-01-01"})
    place.take_in()
    plan = place.plan([
        decision_row(party(record), **{
            "grade": "B" if name in ("moved", "both") else "A",
            "net_exposure": Decimal(1001 if name == "quiet" else 1000),
        })
        for name, record in ids.items()
    ])  # fmt: skip
    assert plan.counts == PlanCounts(
        records=5, unchanged=1, planned=2, within_tolerance=1, conflicts=1
    )


def test_new_holds_are_sent_first(place: Workplace) -> None:
    calm, held = account(place), account(place)
    place.take_in()
    plan = place.plan([decision_row(party(calm)), decision_row(party(held), hold=True)])
    assert [c.record_id for c in plan.to_write] == [held, calm]
    assert [c.blocking for c in plan.to_write] == [True, False]


def test_an_account_without_a_decision_is_not_in_the_plan(place: Workplace) -> None:
    inside, _outside = account(place), account(place)
    place.take_in()
    plan = place.plan([decision_row(party(inside))])
    assert plan.counts.records == 1
    assert {c.record_id for c in plan.changes} == {inside}


def test_flags_are_one_sorted_text(place: Workplace) -> None:
    record = account(place)
    place.take_in()
    plan = place.plan(
        [decision_row(party(record))],
        flags=[flag_row(party(record), "over_limit"), flag_row(party(record), "disputes_high")],
    )
    assert field_of(only(plan), "flags").ours == "disputes_high;over_limit"


def test_a_connection_without_write_targets_plans_nothing(place: Workplace) -> None:
    record = account(place)
    place.reconnect(mapping_text(credit_fields=(), task=False))
    place.take_in()
    plan = place.plan([decision_row(party(record))])
    assert (plan.changes, plan.counts.records) == ((), 0)


def test_the_plan_right_after_a_write_is_empty_without_another_pull(place: Workplace) -> None:
    record = account(place)
    place.take_in()
    settle(place, decision_row(party(record)))
    row = decision_row(party(record), grade="C")
    place.push(place.plan([row]))
    assert place.plan([row]).changes == ()


# -- planning the result of a plan ---------------------------------------------------------------

MONEY = st.decimals(min_value=0, max_value=10**9, places=4)
CELLS = st.fixed_dictionaries(
    {
        "score": st.none() | st.integers(0, 100).map(Decimal),
        "grade": st.none() | st.sampled_from("ABCD"),
        "hold": st.booleans(),
        "net_exposure": MONEY,
        "available": st.none() | MONEY,
        "overdue": MONEY,
        "proposed_amount": MONEY,
        "approved_state": st.sampled_from(["none", "cash_only", "unlimited"]),
        "oldest_due_date": st.none() | st.dates(date(2020, 1, 1), date(2026, 3, 1)),
        "band": st.integers(0, 3),
    }
)
HAND_EDITS = st.fixed_dictionaries(
    {},
    optional={
        "Score": st.none() | st.integers(0, 100).map(Decimal),
        "Grade": st.none() | st.text("ABZ é\n", max_size=3),
        "Exposure": st.none() | st.decimals(min_value=-5, max_value=10**6, places=2),
        "Hold": st.booleans(),
    },
)


STEP = st.tuples(CELLS, HAND_EDITS)


@pytest.mark.parametrize("owner", list(Owner))
@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(STEP, STEP), min_size=15, max_size=15))
def test_planning_the_result_of_a_plan_plans_no_write(
    place: Workplace, owner: Owner, steps: list[tuple[tuple[dict[str, object], ...], ...]]
) -> None:
    """Whatever stood there, was decided, or was edited by hand: once written, nothing is left.

    Every example is a portfolio of accounts, each with two days of edits and decisions.
    """
    owners = dict.fromkeys(("score", "grade", "exposure", "hold"), owner.value)
    place.reconnect(mapping_text(owners=owners))
    records = [account(place) for _ in steps]
    place.take_in()
    for day in range(2):
        for record, account_steps in zip(records, steps, strict=True):
            place.crm.edit("Account", record, account_steps[day][1])
        place.take_in()
        rows = [
            decision_row(party(record), **account_steps[day][0])
            for record, account_steps in zip(records, steps, strict=True)
        ]
        place.push(place.plan(rows))
        at_once = place.plan(rows)
        place.take_in()
        after_pull = place.plan(rows)
        assert at_once.to_write == after_pull.to_write == ()
        assert [c.id for c in at_once.changes] == [c.id for c in after_pull.changes]
        assert all(c.state is ChangeState.CONFLICT for c in after_pull.changes)
