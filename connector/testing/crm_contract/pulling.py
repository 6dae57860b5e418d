"""Clauses on reading everything: completeness, order, filters, empty results."""

from __future__ import annotations

import pytest

from connector.errors import RefusedError
from connector.testing.crm_contract.clauses import clause
from connector.testing.crm_contract.harness import CrmUnderTest
from connector.testing.crm_contract.views import (
    PLAIN,
    check_tie,
    ids,
    pull,
    request,
    show,
)


@clause("pull-empty")
def check_empty(under: CrmUnderTest) -> None:
    """An empty object gives one last page without records, and a place to go on from."""
    pulled = pull(under)
    assert (pulled.records, pulled.deletions) == ([], [])
    assert pulled.cursor is not None
    check_tie(under, pulled)
    (record_id,) = under.seed([PLAIN])
    assert ids(under, pull(under, pulled.cursor)) == [record_id]


@clause("pull-everything")
def check_everything(under: CrmUnderTest) -> None:
    """Without a cursor every record comes once, with what it holds."""
    rows = [{**PLAIN, "name": f"Acme {n}", "amount": str(n)} for n in range(5)]
    made = under.seed(rows)
    pulled = pull(under)
    check_tie(under, pulled)
    assert sorted(ids(under, pulled)) == sorted(made)
    seen = dict(zip(ids(under, pulled), pulled.records, strict=True))
    for record_id, row in zip(made, rows, strict=True):
        assert show(under, seen[record_id], *row) == row


@clause("pull-blank-start")
def check_blank_start(under: CrmUnderTest) -> None:
    """Without a cursor nothing is too old."""
    (record_id,) = under.seed([PLAIN])
    under.advance(4 * 365 * 86_400)
    assert ids(under, pull(under)) == [record_id]


@clause("pull-empty-fields")
def check_empty_fields(under: CrmUnderTest) -> None:
    """An empty field is nothing: neither text, nor zero, nor a date."""
    under.seed([{"name": "Bare", "flag": "false"}])
    (record,) = pull(under).records
    for role in ("text", "note", "amount", "number", "due", "moment", "grade", "key"):
        assert record[under.layout.fields[role]] is None, role


@clause("pull-filter")
def check_where(under: CrmUnderTest) -> None:
    """A filter of the mapping is obeyed, and counted with."""
    small, large = under.seed([{**PLAIN, "amount": "999.99"}, {**PLAIN, "amount": "1000"}])
    pulled = pull(under, where=under.layout.large_only)
    check_tie(under, pulled)
    assert ids(under, pulled) == [large]
    under.advance(3_600)
    later = pull(under).cursor
    under.advance(3_600)
    for record_id in (small, large):
        under.edit(record_id, {"text": "moved"})
    moved = pull(under, later, where=under.layout.large_only)
    check_tie(under, moved)
    assert ids(under, moved) == [large]


@clause("pull-broken-filter")
def check_broken_filter(under: CrmUnderTest) -> None:
    """A filter that would end early is refused, not sent on in pieces."""
    under.seed([PLAIN])
    with pytest.raises(RefusedError):
        pull(under, where=under.layout.broken_filter)


@clause("pull-unknown-field")
def check_unknown_field(under: CrmUnderTest) -> None:
    """A field that is not there is an error that names it, never a column of nothing."""
    asked = request(under)
    paths = (*asked.paths, "NoSuchFieldHere")
    under.seed([PLAIN])
    with pytest.raises(RefusedError, match="NoSuchFieldHere"):
        list(under.crm.pull(type(asked)(asked.object_name, paths)))


@clause("pull-unknown-object")
def check_unknown_object(under: CrmUnderTest) -> None:
    """An object that is not there is an error, never an empty one."""
    with pytest.raises(RefusedError, match="NoSuchObjectHere"):
        list(under.crm.pull(type(request(under))("NoSuchObjectHere", ("Name",))))


@clause("pull-snapshot")
def check_snapshot(under: CrmUnderTest) -> None:
    """A full list names every record whatever the cursor says, and the day it was listed on."""
    made = under.seed([PLAIN, {**PLAIN, "name": "Second"}])
    cursor = pull(under).cursor
    under.advance(7_200)
    pulled = pull(under, cursor, mode="snapshot")
    check_tie(under, pulled)
    assert sorted(ids(under, pulled)) == sorted(made)
    assert pulled.deletions == []
    assert pulled.pages[-1].listed_on is not None
