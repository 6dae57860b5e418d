"""Clauses on reading back: the proof of every write, by record id."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from connector.errors import CreditflagError
from connector.ports.crm import Record
from connector.testing.crm_contract.clauses import clause
from connector.testing.crm_contract.harness import CrmUnderTest
from connector.testing.crm_contract.views import PLAIN, show, update
from connector.testing.faults import Trouble


def _read(under: CrmUnderTest, *record_ids: str) -> dict[str, Record | None]:
    fields = [under.layout.fields[role] for role in PLAIN]
    return dict(under.crm.read(under.layout.object_name, record_ids, fields))


@clause("back-values")
def check_values(under: CrmUnderTest) -> None:
    """A record read back holds what the CRM holds now, under the names that were asked for."""
    (record_id,) = under.seed([PLAIN])
    under.edit(record_id, {"text": "theirs"})
    record = _read(under, record_id)[record_id]
    assert record is not None
    assert show(under, record, *PLAIN) == {**PLAIN, "text": "theirs"}


@clause("back-gone")
def check_gone(under: CrmUnderTest) -> None:
    """Deleted, merged and never known records are None, and every id asked for is answered."""
    deleted, loser, kept = under.seed([{**PLAIN, "name": n} for n in ("one", "two", "three")])
    under.delete(deleted)
    under.merge(kept, loser)
    asked = (deleted, loser, under.layout.unknown_id, "no id at all", kept)
    found = _read(under, *asked)
    assert set(found) == set(asked)
    assert [found[i] is None for i in asked] == [True, True, True, True, False]


@clause("back-none")
def check_none(under: CrmUnderTest) -> None:
    """Reading no record back gives nothing."""
    assert _read(under) == {}


@clause("back-other-id")
def check_other_id(under: CrmUnderTest) -> None:
    """A record is given under the spelling of the id that was asked for."""
    if under.layout.other_id is None:
        pytest.skip("records of this CRM have one spelling of their id")
    (record_id,) = under.seed([PLAIN])
    other = under.layout.other_id(record_id)
    found = _read(under, other)
    assert list(found) == [other]
    assert found[other] is not None


@clause("back-who-and-when")
def check_who(under: CrmUnderTest) -> None:
    """Reading back tells who changed the record last, and when: ours and theirs differ."""
    (record_id,) = under.seed([PLAIN])
    under.advance(120)
    update(under, (record_id, {"number": "9"}))
    ours = _read(under, record_id)[record_id]
    under.advance(120)
    under.edit(record_id, {"number": "8"})
    theirs = _read(under, record_id)[record_id]
    assert ours is not None
    assert theirs is not None
    assert ours["modified_by"]
    assert theirs["modified_by"]
    assert ours["modified_by"] != theirs["modified_by"]
    moments = [datetime.fromisoformat(str(r["modified_at"])) for r in (ours, theirs)]
    assert all(moment.tzinfo is not None for moment in moments)
    assert timedelta(seconds=60) <= moments[1] - moments[0] <= timedelta(seconds=600)


@clause("back-many")
def check_many(under: CrmUnderTest) -> None:
    """As many records as two full batches hold are read back, each under its own id."""
    count = 2 * min(under.crm.batch_size, 200) + 1
    made = under.seed([{"name": f"Nr {n}", "number": str(n)} for n in range(count)])
    field = under.layout.fields["number"]
    found = under.crm.read(under.layout.object_name, made, [field])
    numbers = {i: show(under, r, "number")["number"] for i, r in found.items() if r is not None}
    assert numbers == {record_id: str(n) for n, record_id in enumerate(made)}


@clause("back-trouble", Trouble.TRANSIENT)
def check_trouble(under: CrmUnderTest) -> None:
    """A reading back that fails is an error, never a record that looks gone."""
    (record_id,) = under.seed([PLAIN])
    under.crm.describe(under.layout.object_name)
    under.inject(Trouble.TRANSIENT, "read_back", times=20)
    with pytest.raises(CreditflagError):
        _read(under, record_id)
