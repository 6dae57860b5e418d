"""Schema drift: what changed at the source is told once, and blocks only what rests on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from connector.ports.crm import FieldInfo
from connector.sync.drift import DriftChange, tell_blocked
from connector.sync.intake import Intake, take_in_connection
from connector.testing.builders import invoice_values, mapping_text
from tests.unit.sync.workplace import Workplace

OpenWorkplace = Callable[..., Workplace]


def take_in(place: Workplace, document: str | None = None) -> Intake:
    place.clock.move(seconds=60)
    place.reconnect(document)
    return take_in_connection(place.desk(), place.connection)


def redefine(place: Workplace, name: str, **changes: FieldInfo | None) -> None:
    """Describe an object anew: fields replaced, added, or with None taken away."""
    info = place.crm.describe(name)
    assert info is not None
    fields = {**info.fields, **{k: v for k, v in changes.items() if v is not None}}
    for gone in (k for k, v in changes.items() if v is None):
        del fields[gone]
    place.crm.define(replace(info, fields=fields))


def field(place: Workplace, name: str, field_name: str) -> FieldInfo:
    info = place.crm.describe(name)
    assert info is not None
    return info.fields[field_name]


def told(intake: Intake) -> list[tuple[str, str, str, str]]:
    return [(c.object_name, c.field, c.kind, c.policy) for c in intake.drift]


@pytest.fixture
def watched(place: Workplace) -> Workplace:
    account = place.crm.add("Account", {"Name": "A"})
    place.crm.add("Invoice", invoice_values(account, "1", 100))
    assert take_in(place).drift == []
    assert take_in(place).drift == []
    return place


def test_what_no_mapping_uses_changes_in_silence(watched: Workplace) -> None:
    redefine(watched, "Account", Fax=FieldInfo("Fax", "Fax", field(watched, "Account", "Name").kind,
                                               "text"))  # fmt: skip
    assert take_in(watched).drift == []
    redefine(watched, "Account", Fax=None)
    assert take_in(watched).drift == []


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"length": 7}, "length"),
        ({"scale": 5, "precision": 20}, "scale"),
        ({"restricted": True, "choices": ("x",)}, "choices"),
    ],
)
def test_what_fits_still_is_told_once_and_stops_nothing(
    watched: Workplace, changes: dict[str, object], kind: str
) -> None:
    amount = field(watched, "Invoice", "Amount")
    redefine(watched, "Invoice", Amount=replace(amount, **changes))  # type: ignore[arg-type]
    intake = take_in(watched)
    assert [c.kind for c in intake.drift] == [kind]
    assert {f.feed for f in intake.feeds} >= {"account", "invoice"}
    assert intake.problems == 0
    assert take_in(watched).drift == []


@pytest.mark.parametrize(
    ("changes", "kind"), [({"vendor_type": "text"}, "type"), ({"calculated": True}, "calculated")]
)
def test_a_field_that_may_be_misread_blocks_its_feed_and_no_other(
    watched: Workplace, changes: dict[str, object], kind: str
) -> None:
    amount = field(watched, "Invoice", "Amount")
    redefine(watched, "Invoice", Amount=replace(amount, **changes))  # type: ignore[arg-type]
    for _ in range(2):  # until somebody acts
        intake = take_in(watched)
        assert told(intake) == [("Invoice", "Amount", kind, "block")]
        assert "invoice" not in {f.feed for f in intake.feeds}
        assert "account" in {f.feed for f in intake.feeds}
        assert intake.problems == 1
        assert "grow old" in tell_blocked(intake.drift)[0].message
    redefine(watched, "Invoice", Amount=amount)
    intake = take_in(watched)
    assert intake.drift == []
    assert "invoice" in {f.feed for f in intake.feeds}


def test_a_field_that_is_gone_blocks_and_its_heir_is_named(watched: Workplace) -> None:
    amount = field(watched, "Invoice", "Amount")
    redefine(watched, "Invoice", Amount=None)
    assert told(take_in(watched)) == [("Invoice", "Amount", "removed", "block")]
    redefine(watched, "Invoice", Total=replace(amount, name="Total"))
    change = take_in(watched).drift[0]
    assert (change.kind, change.after, change.feeds) == ("renamed", "Total", ("invoice",))


def test_an_object_that_is_gone_blocks_what_reads_it(watched: Workplace) -> None:
    info = watched.crm.describe("Invoice")
    assert info is not None
    watched.crm.define(replace(info, queryable=False))
    intake = take_in(watched)
    assert told(intake) == [("Invoice", "", "removed", "block")]
    assert "account" in {f.feed for f in intake.feeds}
    watched.crm.define(info)
    assert "invoice" in {f.feed for f in take_in(watched).feeds}


def test_a_document_may_take_a_change_over(watched: Workplace) -> None:
    amount = field(watched, "Invoice", "Amount")
    redefine(watched, "Invoice", Amount=replace(amount, vendor_type="text"))
    assert take_in(watched).problems == 1
    intake = take_in(
        watched, json.dumps({**json.loads(mapping_text()), "drift": {"type": "adopt"}})
    )
    assert told(intake) == [("Invoice", "Amount", "type", "adopt")]
    assert "invoice" in {f.feed for f in intake.feeds}
    assert take_in(watched).drift == []


def test_a_right_that_was_taken_away_is_told(watched: Workplace) -> None:
    score = field(watched, "Account", "Score")
    redefine(watched, "Account", Score=replace(score, updateable=False))
    assert told(take_in(watched)) == [("Account", "Score", "permission", "alert")]


def test_changes_are_kept_and_a_block_only_once(watched: Workplace) -> None:
    amount = field(watched, "Invoice", "Amount")
    redefine(watched, "Invoice", Amount=replace(amount, vendor_type="text"))
    for _ in range(3):
        take_in(watched)
    rows = watched.ledger.query("SELECT object_name, field, kind, policy FROM drift").to_pylist()
    assert rows == [
        {"object_name": "Invoice", "field": "Amount", "kind": "type", "policy": "block"}
    ]


def test_what_blocks_no_feed_does_not_hold_writes_back() -> None:
    change = DriftChange("crm", "Account", "", "removed", "", "", "alert")
    assert tell_blocked([change]) == []
