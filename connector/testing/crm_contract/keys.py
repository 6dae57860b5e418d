"""Clauses on creates: a deterministic key, so that a repeat never makes a second record."""

from __future__ import annotations

import pytest

from connector.errors import RefusedError
from connector.testing.crm_contract.clauses import clause
from connector.testing.crm_contract.harness import CrmUnderTest
from connector.testing.crm_contract.views import PLAIN, held, write_row

_KEYS = ("crm|1|over_limit|2026-03", "a/b?c=d&e.json", "O'Brien % _ [x]")


def _skip_without_upsert(under: CrmUnderTest) -> None:
    if under.traits.keyed_upsert == "no":
        pytest.skip("declared: this CRM has no unique external ids")


@clause("keys-upsert")
def check_upsert(under: CrmUnderTest) -> None:
    """An upsert creates once; again with the same key it updates the same record."""
    _skip_without_upsert(under)
    name, key_field = under.layout.object_name, under.layout.fields["key"]
    rows = [write_row(under, {"name": f"Nr {n}"}, key=key) for n, key in enumerate(_KEYS)]
    first = under.crm.upsert(name, key_field, rows)
    assert [o.state for o in first] == ["ok"] * len(rows)
    again = [write_row(under, {"name": "Again", "text": k[:9]}, key=k) for k in _KEYS]
    second = under.crm.upsert(name, key_field, again)
    assert [(o.state, o.record_id) for o in second] == [("ok", o.record_id) for o in first]
    assert under.count() == len(_KEYS)
    for outcome, key in zip(first, _KEYS, strict=True):
        assert held(under, outcome.record_id, "name", "text", "key") == {
            "name": "Again", "text": key[:9], "key": key
        }  # fmt: skip


@clause("keys-upsert-case")
def check_case(under: CrmUnderTest) -> None:
    """Whether keys that differ in case alone are one key is as declared."""
    _skip_without_upsert(under)
    name, key_field = under.layout.object_name, under.layout.fields["key"]
    outcomes = [
        under.crm.upsert(name, key_field, [write_row(under, {"name": key}, key=key)])[0]
        for key in ("episode-a", "EPISODE-A")
    ]
    assert [o.state for o in outcomes] == ["ok", "ok"]
    assert under.count() == (1 if under.traits.key_case == "ignored" else 2)


@clause("keys-upsert-mixed")
def check_mixed(under: CrmUnderTest) -> None:
    """One bad row does not keep the others from being created, and each has its own outcome."""
    _skip_without_upsert(under)
    rows = [
        write_row(under, {"name": "good"}, key="one"),
        write_row(under, {"name": "bad", "grade": "no such grade"}, key="two"),
        write_row(under, {"name": "good"}, key="three"),
    ]
    outcomes = under.crm.upsert(under.layout.object_name, under.layout.fields["key"], rows)
    assert [o.state for o in outcomes] == ["ok", "rejected", "ok"]
    assert under.count() == 2


@clause("keys-upsert-wrong-field")
def check_wrong_field(under: CrmUnderTest) -> None:
    """An upsert by a field that is no unique key is refused, and creates nothing."""
    row = write_row(under, {"name": "x"}, key="one")
    with pytest.raises(RefusedError):
        under.crm.upsert(under.layout.object_name, under.layout.fields["text"], [row])
    assert under.count() == 0


@clause("keys-find")
def check_find(under: CrmUnderTest) -> None:
    """Records are found by their key; keys that nobody has, and deleted ones, are left out."""
    made = under.seed([{"name": f"Nr {n}", "key": key} for n, key in enumerate(_KEYS)])
    (gone,) = under.seed([{"name": "Gone", "key": "deleted"}])
    under.delete(gone)
    found = under.crm.find_by_key(
        under.layout.object_name, under.layout.fields["key"], [*_KEYS, "nobody", "deleted"]
    )
    assert dict(found) == dict(zip(_KEYS, made, strict=True))


@clause("keys-find-in-text")
def check_find_in_text(under: CrmUnderTest) -> None:
    """A key that stands as [key] in a text is found there, and half a key is not."""
    made = under.seed(
        [{"name": "one", "text": "Call them [k-1]"}, {"name": "two", "text": "Call them [k-12]"}]
    )
    found = under.crm.find_by_key(
        under.layout.object_name, under.layout.fields["text"], ["k-1", "k-12", "k"]
    )
    told = {"k-1": made[0], "k-12": made[1]} if under.traits.key_in_text == "found" else {}
    assert dict(found) == told


@clause("keys-create-then-find")
def check_create_then_find(under: CrmUnderTest) -> None:
    """A created record is found at once: a repeat that searches first makes no second one."""
    values = {"name": "Task", "text": "Call [k-7]"}
    (outcome,) = under.crm.create(under.layout.object_name, [write_row(under, values)])
    assert outcome.state == "ok"
    if under.traits.key_in_text == "found":
        found = under.crm.find_by_key(
            under.layout.object_name, under.layout.fields["text"], ["k-7"]
        )
        assert dict(found) == {"k-7": outcome.record_id}
    assert held(under, outcome.record_id, *values) == values


@clause("keys-find-none")
def check_find_none(under: CrmUnderTest) -> None:
    """Looking for no key at all finds nothing."""
    under.seed([PLAIN])
    field = under.layout.fields["key"]
    assert dict(under.crm.find_by_key(under.layout.object_name, field, [])) == {}
