"""Clauses on calls that fail: what is said to be written is, what may have been is told so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from connector.errors import (
    BudgetError,
    CreditflagError,
    RefusedError,
    SignInError,
    TransientError,
    UnknownOutcomeError,
)
from connector.ports.crm import RowOutcome
from connector.testing.crm_contract.clauses import Clause, add_clause, clause
from connector.testing.crm_contract.harness import Applied, CrmUnderTest, Values
from connector.testing.crm_contract.views import (
    PLAIN,
    check_tie,
    held,
    ids,
    pull,
    update,
    write_row,
)
from connector.testing.faults import Trouble

_CHANGE: Values = {"number": "9"}

WRITE_ENDS: dict[Trouble, tuple[type[CreditflagError] | None, bool | None]] = {
    Trouble.TRANSIENT: (TransientError, False),
    Trouble.THROTTLED: (TransientError, False),
    Trouble.REFUSED: (RefusedError, False),
    Trouble.BUDGET: (BudgetError, False),
    Trouble.SIGN_IN: (SignInError, False),
    Trouble.SESSION_ENDED: (None, True),
    Trouble.LOST_BEFORE: (UnknownOutcomeError, False),
    Trouble.LOST_AFTER: (UnknownOutcomeError, True),
    Trouble.CUT_ANSWER: (UnknownOutcomeError, True),
    Trouble.SHORT_ANSWER: (UnknownOutcomeError, True),
    Trouble.NONSENSE: (UnknownOutcomeError, None),
    Trouble.SLOW: (UnknownOutcomeError, None),
}
"""How a write ends under each trouble, and whether it was applied (None: it may have been)."""

READ_ENDS: dict[Trouble, type[CreditflagError] | None] = {
    Trouble.TRANSIENT: TransientError,
    Trouble.THROTTLED: TransientError,
    Trouble.REFUSED: RefusedError,
    Trouble.BUDGET: BudgetError,
    Trouble.SIGN_IN: SignInError,
    Trouble.SESSION_ENDED: None,
    Trouble.LOST_BEFORE: TransientError,
    Trouble.LOST_AFTER: TransientError,
    Trouble.CUT_ANSWER: TransientError,
    Trouble.NONSENSE: TransientError,
    Trouble.SLOW: TransientError,
}
"""How a read ends when a trouble lasts."""

_LASTS = 20
"""More often than any adapter repeats a read."""


def _check_update(under: CrmUnderTest, trouble: Trouble) -> None:
    first, second = under.seed([PLAIN, PLAIN])
    under.crm.describe(under.layout.object_name)
    under.inject(trouble, "write")
    _check_end(trouble, lambda: update(under, (first, _CHANGE), (second, _CHANGE)))
    _, applied = WRITE_ENDS[trouble]
    for record_id in (first, second):
        _check_effects(under, record_id, "update", applied)
    under.recover()
    for outcome in update(under, (first, _CHANGE), (second, _CHANGE)):
        assert outcome.state == "ok"
    for record_id in (first, second):
        assert held(under, record_id, *PLAIN) == {**PLAIN, **_CHANGE}


def _check_end(trouble: Trouble, write: Callable[[], Sequence[RowOutcome]]) -> None:
    """The write raises what it must; without an error every row is said to be written."""
    error, _ = WRITE_ENDS[trouble]
    if error is None:
        assert [o.state for o in write()] == ["ok", "ok"]
        return
    with pytest.raises(error) as caught:
        write()
    told_unknown = isinstance(caught.value, UnknownOutcomeError)
    assert told_unknown is (error is UnknownOutcomeError), "an answer was lost, or it was not"


def _check_effects(under: CrmUnderTest, record_id: str, action: str, applied: bool | None) -> None:
    times = [effect.action for effect in under.applied() if effect.record_id == record_id]
    if applied is None:
        assert times in ([], [action])
    else:
        assert times == ([action] if applied else []), "a write is sent once"


def _check_upsert(under: CrmUnderTest, trouble: Trouble) -> None:
    if under.traits.keyed_upsert == "no":
        pytest.skip("declared: this CRM has no unique external ids")
    under.crm.describe(under.layout.object_name)
    rows = [write_row(under, {"name": f"Nr {n}"}, key=f"key {n}") for n in range(2)]
    name, key_field = under.layout.object_name, under.layout.fields["key"]
    under.inject(trouble, "write")
    _check_end(trouble, lambda: under.crm.upsert(name, key_field, rows))
    _, applied = WRITE_ENDS[trouble]
    assert under.count() in ({True: (2,), False: (0,), None: (0, 2)}[applied])
    under.recover()
    assert [o.state for o in under.crm.upsert(name, key_field, rows)] == ["ok", "ok"]
    assert under.count() == 2, "a repeat by the same key makes no second record"


def _check_read(under: CrmUnderTest, trouble: Trouble) -> None:
    made = under.seed([PLAIN, {**PLAIN, "name": "Second"}])
    under.crm.describe(under.layout.object_name)
    error = READ_ENDS[trouble]
    under.inject(trouble, "read", times=1 if error is None else _LASTS)
    if error is not None:
        with pytest.raises(error) as caught:
            pull(under)
        assert not isinstance(caught.value, UnknownOutcomeError), "a read leaves nothing open"
        under.recover()
    pulled = pull(under)
    assert sorted(ids(under, pulled)) == sorted(made)
    check_tie(under, pulled)


@clause("trouble-passing-read", Trouble.TRANSIENT)
def check_passing_read(under: CrmUnderTest) -> None:
    """One passing fault of a read is outlived, or told so that the caller may try again."""
    made = under.seed([PLAIN])
    under.crm.describe(under.layout.object_name)
    under.inject(Trouble.TRANSIENT, "read")
    if under.traits.read_retries == "none":
        with pytest.raises(TransientError):
            pull(under)
    assert ids(under, pull(under)) == made


@clause("trouble-effects-are-ours")
def check_effects_listed(under: CrmUnderTest) -> None:
    """The hand behind the CRM's back leaves no trace among our own effects."""
    (record_id,) = under.seed([PLAIN])
    under.edit(record_id, {"text": "theirs"})
    assert under.applied() == []
    update(under, (record_id, _CHANGE))
    assert under.applied() == [Applied("update", record_id)]


def _add(name: str, trouble: Trouble, check: Callable[[CrmUnderTest, Trouble], None]) -> None:
    subject = __name__.rpartition(".")[2]
    meaning = (
        f"{name.capitalize()} under the trouble `{trouble}` ends as the contract's table says."
    )
    add_clause(
        Clause(
            f"trouble-{name}-{trouble}", subject, meaning,
            lambda under: check(under, trouble), frozenset({trouble}),
        )
    )  # fmt: skip


for _trouble in WRITE_ENDS:
    _add("update", _trouble, _check_update)
    _add("upsert", _trouble, _check_upsert)
for _trouble in READ_ENDS:
    _add("read", _trouble, _check_read)
