from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.change import (
    END_STATES,
    Change,
    ChangeKind,
    ChangeState,
    FieldChange,
    Owner,
    Plan,
    PlanCounts,
    digest,
)

GRADE = FieldChange("Grade__c", "grade", base="B", theirs="B", ours="C")
LIMIT = FieldChange("Limit__c", "limit", base="100", theirs="100", ours="80")
CHANGE = Change(
    connection="crm", object_name="Account", record_id="001A", party_id="p1", label="Acme",
    kind=ChangeKind.UPDATE, fields=(GRADE, LIMIT), decision_hash="d1",
)  # fmt: skip
TASK = replace(
    CHANGE, object_name="Task", record_id="", kind=ChangeKind.CREATE, key="cf-1", key_field="Key__c"
)
PLAN = Plan(
    connection="crm", run_id="r1", as_of=date(2025, 6, 30),
    created_at=datetime(2025, 6, 30, 8, tzinfo=UTC), policy_hash="ph", changes=(CHANGE, TASK),
    counts=PlanCounts(records=1, planned=1),
)  # fmt: skip

KNOWN_CHANGE_ID = "5043a52e8ae6281bbd3b4cd2"
KNOWN_PLAN_ID = "7077b7c1c7058abd"

TEXTS = st.one_of(st.none(), st.text(max_size=8))
FIELDS = st.builds(
    FieldChange,
    field=st.text(max_size=6), credit_field=st.text(max_size=6), base=TEXTS, theirs=TEXTS,
    ours=TEXTS, owner=st.sampled_from(list(Owner)), edited=st.booleans(),
)  # fmt: skip


def test_a_change_has_the_id_that_plan_files_and_journals_already_name() -> None:
    # A change of this id means that plan files and journals out there are no longer understood.
    assert CHANGE.id == KNOWN_CHANGE_ID
    assert PLAN.id == KNOWN_PLAN_ID


@pytest.mark.parametrize(
    "alter",
    [
        lambda c: replace(c, connection="crm2"),
        lambda c: replace(c, object_name="Lead"),
        lambda c: replace(c, record_id="001B"),
        lambda c: replace(c, key="cf-2"),
        lambda c: replace(c, decision_hash="d2"),
        lambda c: replace(c, state=ChangeState.CONFLICT),
        lambda c: replace(c, fields=(GRADE,)),
        lambda c: replace(c, fields=(LIMIT, GRADE)),
        lambda c: replace(c, fields=(replace(GRADE, ours="D"), LIMIT)),
        lambda c: replace(c, fields=(replace(GRADE, theirs=None), LIMIT)),
        lambda c: replace(c, fields=(replace(GRADE, field="Other__c"), LIMIT)),
    ],
)
def test_another_intent_has_another_id(alter: Callable[[Change], Change]) -> None:
    assert alter(CHANGE).id != CHANGE.id
    assert replace(PLAN, changes=(alter(CHANGE), TASK)).id != PLAN.id


@pytest.mark.parametrize(
    "altered",
    [
        {"label": "Acme Ltd"},
        {"modified_by": "ann"},
        {"modified_at": "2025-06-30T00:00:00Z"},
        {"band": 3},
        {"blocking": True},
        {"state": ChangeState.SENT},
        {"state": ChangeState.RETRY},
    ],
)
def test_what_is_not_the_intent_does_not_move_the_id(altered: dict[str, Any]) -> None:
    assert replace(CHANGE, **altered).id == CHANGE.id


def test_a_plan_is_the_same_whenever_and_in_whatever_order_it_was_made() -> None:
    later = replace(
        PLAN, run_id="r2", created_at=datetime(2026, 1, 1, tzinfo=UTC), changes=(TASK, CHANGE)
    )
    assert later.id == PLAN.id
    assert replace(PLAN, policy_hash="other").id != PLAN.id
    assert replace(PLAN, connection="crm2").id != PLAN.id


@pytest.mark.parametrize(
    ("owner", "edited", "is_sent"),
    [
        (Owner.OURS, False, True),
        (Owner.THEIRS, False, True),
        (Owner.ASK, False, True),
        (Owner.OURS, True, True),
        (Owner.THEIRS, True, False),
        (Owner.ASK, True, False),
    ],
)
def test_an_edited_field_is_sent_only_where_it_is_ours(
    owner: Owner, edited: bool, is_sent: bool
) -> None:
    change = replace(CHANGE, fields=(replace(GRADE, owner=owner, edited=edited),))
    assert bool(change.writes) is is_sent
    assert bool(change.conflicts) is edited


@given(st.lists(FIELDS, max_size=6))
def test_only_differences_are_sent_and_nothing_is_invented(fields: list[FieldChange]) -> None:
    change = replace(CHANGE, fields=tuple(fields))
    assert set(change.writes) <= set(fields)
    assert all(f.ours != f.theirs for f in change.writes)
    assert change.conflicts == tuple(f for f in fields if f.edited)
    held_back = [f for f in fields if f.ours != f.theirs and f not in change.writes]
    assert all(f.edited and f.owner is not Owner.OURS for f in held_back)


def test_a_plan_sends_updates_before_tasks_and_holds_before_the_rest() -> None:
    hold = replace(CHANGE, record_id="001Z", blocking=True)
    later = replace(CHANGE, record_id="001B")
    waiting = replace(CHANGE, record_id="001C", state=ChangeState.CONFLICT)
    same = replace(CHANGE, record_id="001D", fields=(replace(GRADE, ours="B"),))
    urgent_task = replace(TASK, key="cf-0", blocking=True)
    plan = replace(PLAN, changes=(TASK, later, urgent_task, waiting, same, CHANGE, hold))
    assert plan.to_write == (hold, CHANGE, later, urgent_task, TASK)


def test_nothing_happens_after_an_end_state() -> None:
    going_on = {
        ChangeState.PLANNED, ChangeState.CONFLICT, ChangeState.SENT, ChangeState.ACKED,
        ChangeState.UNKNOWN, ChangeState.RETRY,
    }  # fmt: skip
    assert END_STATES | going_on == set(ChangeState)
    assert not END_STATES & going_on


@given(st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=5), st.integers())))
def test_a_digest_depends_on_content_not_on_order(content: dict[str, object]) -> None:
    backwards = dict(reversed(content.items()))
    assert digest(content) == digest(backwards)
    assert len(digest(content)) == 64
    assert digest({**content, "": "another"}) != digest({**content, "": "one"})
