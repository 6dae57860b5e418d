"""Guard: what does not go by itself, and that waiting once is not enough to pass."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from connector.domain.change import Change, ChangeKind, FieldChange
from connector.errors import WaitsForPersonError
from connector.sync.approve import approve
from connector.sync.guard import (
    UNGUARDED,
    GuardLimits,
    Shift,
    judge,
    measure_shift,
    refuse_shrunk_list,
)
from connector.sync.plan_file import read_plan
from connector.testing.builders import decision_row
from tests.unit.sync.workplace import Workplace, plan_of

LIMITS = GuardLimits(Decimal("0.05"), Decimal("0.05"), Decimal("0.5"), 5)


def change(record: str, *fields: FieldChange) -> Change:
    return Change("crm", "Account", record, f"p-{record}", record, ChangeKind.UPDATE, fields, "h")


def graded(record: str, before: str | None, after: str | None) -> Change:
    return change(record, FieldChange("Grade", "grade", before, before, after))


def test_guard_mass() -> None:
    """Vector GUARD-MASS: 180 downgrades among 1,000 accounts are 18 %, more than 5 %: halt."""
    (finding,) = judge([], Shift(known=1000, downgraded=180), LIMITS)
    assert finding.params == {"n": 180, "known": 1000, "share": "18.0%", "most": "5.0%"}


@pytest.mark.parametrize(
    ("shift", "asks"),
    [
        (Shift(1000, downgraded=50), 0),  # exactly 5 % passes
        (Shift(1000, downgraded=51), 1),
        (Shift(1000, new_holds=51), 1),
        (Shift(1000, downgraded=51, new_holds=51), 2),
        (Shift(6, downgraded=4), 0),  # a small company: four are not a mass
        (Shift(6, downgraded=5), 1),
        (Shift(0, downgraded=5), 0),  # nobody was known before
    ],
)
def test_shares_count_from_the_least_number_on(shift: Shift, asks: int) -> None:
    findings = judge([], shift, LIMITS)
    assert len(findings) == asks


def test_getting_better_is_no_shift_and_one_party_counts_once(place: Workplace) -> None:
    targets = place.connection.mapping.targets
    twice = [graded("1", "A", "C"), graded("2", "A", "B")]
    twice = [replace(c, party_id="same") for c in twice]
    plan = plan_of(
        *twice,
        graded("3", "C", "A"),
        graded("4", None, "D"),  # never graded: first contact, not a downgrade
        graded("5", "B", None),
        change("6", FieldChange("Hold", "hold", "false", "false", "true")),
        change("7", FieldChange("Hold", "hold", "true", "true", "false")),
    )
    assert measure_shift([(plan, targets)], 9) == Shift(known=9, downgraded=1, new_holds=1)


def test_a_mass_downgrade_waits_in_every_run_until_a_person_applies_it(
    place: Workplace, tmp_path: Path
) -> None:
    """Measured against the CRM: decisions that are not new any more still wait."""
    records = [place.crm.add("Account", {"Name": f"Customer {n}"}) for n in range(10)]
    place.take_in()
    place.push(place.plan([decision_row(f"acc:crm:{r}") for r in records]))
    place.store.end_first_contact("crm", "p", place.fence)
    for _run in range(2):
        place.take_in()
        plan = place.plan([decision_row(f"acc:crm:{r}", grade="D") for r in records])
        shift = measure_shift([(plan, place.connection.mapping.targets)], 10)
        findings = judge([plan], shift, LIMITS)
        assert [f.params["n"] for f in findings] == [10]
        approval = approve(plan, findings, tmp_path)
        assert approval.changes == ()
        assert approval.plan_file is not None
        assert read_plan(approval.plan_file).to_write == plan.to_write


def test_first_contact_of_one_connection_does_not_hold_up_another(tmp_path: Path) -> None:
    known = replace(plan_of(graded("1", "A", "B")), connection="old")
    fresh = replace(known, connection="new", first_contact=True)
    findings = judge([known, fresh], Shift(), LIMITS)
    assert approve(known, findings, tmp_path).changes == known.to_write
    waiting = approve(fresh, findings, tmp_path)
    assert waiting.changes == ()
    assert waiting.plan_file is not None


def test_a_plan_without_writes_needs_nobody(tmp_path: Path) -> None:
    plan = replace(plan_of(), first_contact=True)
    assert approve(plan, judge([plan], Shift(), LIMITS), tmp_path).plan_file is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("before", "after", "limits", "refused"),
    [
        (100, 49, LIMITS, True),
        (100, 50, LIMITS, False),
        (100, 0, LIMITS, True),
        (4, 0, LIMITS, False),  # too few rows to tell
        (0, 7, LIMITS, False),
        (0, 7, UNGUARDED, False),
        (100, 0, UNGUARDED, False),
    ],
)
def test_a_list_that_lost_most_of_its_rows_is_not_taken_in(
    before: int, after: int, limits: GuardLimits, refused: bool
) -> None:
    if refused:
        with pytest.raises(WaitsForPersonError, match=f"from {before} to {after} rows"):
            refuse_shrunk_list("invoice", "erp", before, after, limits)
    else:
        refuse_shrunk_list("invoice", "erp", before, after, limits)
