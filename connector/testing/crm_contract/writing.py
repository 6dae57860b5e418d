"""Clauses on updates: what is named changes, nothing else does, and each row has its outcome."""

from __future__ import annotations

import pytest

from connector.testing.crm_contract.clauses import clause
from connector.testing.crm_contract.harness import Applied, CrmUnderTest
from connector.testing.crm_contract.views import PLAIN, held, update, write_row


@clause("write-only-what-is-named")
def check_named(under: CrmUnderTest) -> None:
    """An update sets the fields it names and leaves all others."""
    (record_id,) = under.seed([PLAIN])
    (outcome,) = update(under, (record_id, {"text": "south", "amount": "7"}))
    assert (outcome.state, outcome.record_id) == ("ok", record_id)
    assert held(under, record_id, *PLAIN) == {**PLAIN, "text": "south", "amount": "7"}
    assert under.applied() == [Applied("update", record_id)]


@clause("write-clear")
def check_clear(under: CrmUnderTest) -> None:
    """None empties a field, of every kind that can be empty."""
    (record_id,) = under.seed([PLAIN])
    roles = ("text", "note", "amount", "number", "due", "grade")
    (outcome,) = update(under, (record_id, dict.fromkeys(roles)))
    assert outcome.state == "ok"
    assert held(under, record_id, *PLAIN) == {**PLAIN, **dict.fromkeys(roles)}


@clause("write-same-again")
def check_again(under: CrmUnderTest) -> None:
    """Writing the same a second time changes nothing more."""
    (record_id,) = under.seed([PLAIN])
    for _ in range(2):
        (outcome,) = update(under, (record_id, {"text": "south", "amount": "7"}))
        assert outcome.state == "ok"
    assert held(under, record_id, *PLAIN) == {**PLAIN, "text": "south", "amount": "7"}


@clause("write-different-fields")
def check_different_fields(under: CrmUnderTest) -> None:
    """Rows of one call may name different fields; a field that a row leaves out stays."""
    first, second = under.seed([PLAIN, PLAIN])
    outcomes = update(under, (first, {"text": "south"}), (second, {"amount": None}))
    assert [o.state for o in outcomes] == ["ok", "ok"]
    assert held(under, first, *PLAIN) == {**PLAIN, "text": "south"}
    assert held(under, second, *PLAIN) == {**PLAIN, "amount": None}


@clause("write-field-case")
def check_field_case(under: CrmUnderTest) -> None:
    """Fields are written under any spelling of their letters, as a mapping may have it."""
    (record_id,) = under.seed([PLAIN])
    row = type(write_row(under, {}))({under.layout.fields["text"].lower(): "south"}, record_id)
    (outcome,) = under.crm.update(under.layout.object_name, [row])
    assert outcome.state == "ok"
    assert held(under, record_id, "text") == {"text": "south"}


@clause("write-other-id")
def check_other_id(under: CrmUnderTest) -> None:
    """Another valid spelling of a record's id names the same record."""
    if under.layout.other_id is None:
        pytest.skip("records of this CRM have one spelling of their id")
    (record_id,) = under.seed([PLAIN])
    other = under.layout.other_id(record_id)
    assert other != record_id
    (outcome,) = update(under, (other, {"text": "south"}))
    assert (outcome.state, outcome.record_id) == ("ok", record_id)
    assert held(under, record_id, "text") == {"text": "south"}


@clause("write-nothing")
def check_nothing(under: CrmUnderTest) -> None:
    """No rows: no outcome, no effect, and no call."""
    under.crm.describe(under.layout.object_name)
    assert list(under.crm.update(under.layout.object_name, [])) == []
    assert under.applied() == []
    assert under.served("write") == 0


@clause("write-full-batch")
def check_full_batch(under: CrmUnderTest) -> None:
    """A full batch is written, with its outcomes in the order of the rows; one more is our bug."""
    size = min(under.crm.batch_size, 200)
    made = under.seed([{"name": f"Nr {n}"} for n in range(size)])
    changes = [(i, {"number": str(n)}) for n, i in enumerate(reversed(made))]
    outcomes = update(under, *changes)
    assert [(o.state, o.record_id) for o in outcomes] == [("ok", i) for i in reversed(made)]
    for n, record_id in enumerate(reversed(made)):
        assert held(under, record_id, "number") == {"number": str(n)}
    rows = [write_row(under, {"number": "1"}, made[0])] * (under.crm.batch_size + 1)
    with pytest.raises(ValueError, match=str(under.crm.batch_size)):
        under.crm.update(under.layout.object_name, rows)


@clause("write-same-record-twice")
def check_twice(under: CrmUnderTest) -> None:
    """A call that names a record twice does as declared, and says so row by row."""
    (record_id,) = under.seed([PLAIN])
    outcomes = update(under, (record_id, {"number": "1"}), (record_id, {"number": "2"}))
    assert outcomes[0].state == "ok"
    if under.traits.same_record_twice == "refused":
        assert outcomes[1].state == "retry"
        assert held(under, record_id, "number") == {"number": "1"}
    else:
        assert outcomes[1].state == "ok"
        assert held(under, record_id, "number") == {"number": "2"}
