"""Clauses on rows that fail: each class of refusal, in order, with the others written."""

from __future__ import annotations

from typing import Literal

import pytest

from connector.errors import RefusedError
from connector.testing.crm_contract.clauses import clause
from connector.testing.crm_contract.harness import CrmUnderTest, Values
from connector.testing.crm_contract.views import PLAIN, held, update, write_row


def _check_one_bad(
    under: CrmUnderTest, bad: Values, state: Literal["rejected", "retry", "gone"] = "rejected"
) -> None:
    """The middle row of three fails in its way; its record stays and the others are written."""
    made = under.seed([{**PLAIN, "name": f"Nr {n}"} for n in range(3)])
    values = [{"number": "1"}, bad, {"number": "3"}]
    outcomes = update(under, *zip(made, values, strict=True))
    assert [o.state for o in outcomes] == ["ok", state, "ok"]
    assert outcomes[1].message
    assert held(under, made[0], "number") == {"number": "1"}
    assert held(under, made[1], *PLAIN) == {**PLAIN, "name": "Nr 1"}
    assert held(under, made[2], "number") == {"number": "3"}


@clause("rows-too-long")
def check_too_long(under: CrmUnderTest) -> None:
    """Text that does not fit is rejected with its field, never cut in silence."""
    _check_one_bad(under, {"number": "2", "text": "x" * (under.layout.text_length + 1)})


@clause("rows-bad-choice")
def check_bad_choice(under: CrmUnderTest) -> None:
    """A word outside a closed list is rejected, and nothing else of that row is written."""
    _check_one_bad(under, {"number": "2", "grade": "no such grade"})


@clause("rows-not-a-number")
def check_not_a_number(under: CrmUnderTest) -> None:
    """A value that cannot be spelled for its field rejects its own row, not the call."""
    _check_one_bad(under, {"number": "2", "amount": "twelve"})


@clause("rows-required")
def check_required(under: CrmUnderTest) -> None:
    """Emptying a required field is rejected."""
    _check_one_bad(under, {"number": "2", "name": None})


@clause("rows-rejected-and-retry")
def check_refused(under: CrmUnderTest) -> None:
    """What the CRM refuses for good is rejected, what it refuses for now may be tried again."""
    states: tuple[Literal["rejected", "retry"], ...] = ("rejected", "retry")
    for state in states:
        first, bad, last = under.seed([PLAIN, PLAIN, PLAIN])
        under.refuse(bad, state)
        rows: list[tuple[str, Values]] = [(i, {"number": "9"}) for i in (first, bad, last)]
        assert [o.state for o in update(under, *rows)] == ["ok", state, "ok"]
        assert held(under, bad, "number") == {"number": PLAIN["number"]}
        (again,) = update(under, (bad, {"number": "9"}))
        assert again.state == "ok"
        assert held(under, bad, "number") == {"number": "9"}


@clause("rows-gone")
def check_gone(under: CrmUnderTest) -> None:
    """A deleted, a merged and a never known record are gone, wherever they stand in the call."""
    deleted, loser, kept = under.seed([{**PLAIN, "name": n} for n in ("one", "two", "three")])
    under.delete(deleted)
    under.merge(kept, loser)
    change: Values = {"number": "9"}
    outcomes = update(
        under, (deleted, change), (loser, change), (under.layout.unknown_id, change), (kept, change)
    )
    assert [o.state for o in outcomes] == ["gone", "gone", "gone", "ok"]
    assert held(under, kept, "number") == {"number": "9"}


@clause("rows-nonsense-id")
def check_nonsense_id(under: CrmUnderTest) -> None:
    """Something that is no id at all spoils its own row only."""
    (kept,) = under.seed([PLAIN])
    change: Values = {"number": "9"}
    outcomes = update(under, ("' OR 1=1", change), ("", change), (kept, change))
    assert {o.state for o in outcomes[:2]} <= {"rejected", "gone"}
    assert outcomes[2].state == "ok"


@clause("rows-calculated")
def check_calculated(under: CrmUnderTest) -> None:
    """A calculated or hidden field is refused, with its row or its call, and nothing is written."""
    (record_id,) = under.seed([PLAIN])
    for role in [r for r in ("figure", "hidden") if r in under.layout.fields]:
        try:
            (outcome,) = update(under, (record_id, {"number": "9", role: "1"}))
        except RefusedError:
            continue
        assert outcome.state == "rejected"
    assert held(under, record_id, *PLAIN) == PLAIN


@clause("rows-unknown-object")
def check_unknown_object(under: CrmUnderTest) -> None:
    """An object that is not there is refused as a whole."""
    row = write_row(under, {"number": "1"}, under.layout.unknown_id)
    with pytest.raises(RefusedError, match="NoSuchObjectHere"):
        under.crm.update("NoSuchObjectHere", [row])
