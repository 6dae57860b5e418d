"""Whose documents changed since a landing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.ledger import Ledger
from connector.ports.store import LINK_SCHEMA
from tests.unit.ledger.batches import land, to


def changed(ledger: Ledger, seq: int) -> list[str] | None:
    """Account ids of the parties found, after linking."""
    ledger.relink(LINK_SCHEMA.empty_table(), {}, "run-2")
    found = ledger.parties_changed_since(seq)
    if found is None:
        return None
    return [party.removeprefix("acc:crm:") for party in found["party_id"].to_pylist()]


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """Accounts A, B and C; A and B have an invoice and an order each."""
    land(ledger, "account", {"id": "A"}, {"id": "B"}, {"id": "C"})
    for entity, mark in (("invoice", "I"), ("order", "O")):
        land(ledger, entity, {"id": f"{mark}A", **to("A")}, {"id": f"{mark}B", **to("B")})
    land(ledger, "order_line", {"id": "LA", "order_id": "OA"})
    return ledger


def test_what_is_landed_again_concerns_nobody(filled: Ledger) -> None:
    seq = filled.last_seq
    land(filled, "invoice", {"id": "IA", **to("A")})
    assert changed(filled, seq) == []


@pytest.mark.parametrize("entity", ["payment", "credit_note", "delivery", "dispute"])
def test_a_document_that_is_new_concerns_its_party(filled: Ledger, entity: str) -> None:
    seq = filled.last_seq
    land(filled, entity, {"id": "N", **to("C"), "amount": Decimal(5), "number": "N-1"})
    assert changed(filled, seq) == ["C"]


def test_a_document_that_moves_concerns_both_parties(filled: Ledger) -> None:
    """Goes red when only the party that a document has now is looked for."""
    seq = filled.last_seq
    land(filled, "invoice", {"id": "IA", **to("C")})
    assert changed(filled, seq) == ["A", "C"]


def test_a_document_that_goes_concerns_the_party_that_it_had(filled: Ledger) -> None:
    seq = filled.last_seq
    land(filled, "invoice", deletions=[{"id": "IB"}])
    assert changed(filled, seq) == ["B"]


def test_a_document_that_was_cleared_concerns_its_party(filled: Ledger) -> None:
    seq = filled.last_seq
    land(filled, "invoice", {"id": "IA", **to("A")}, present=["IA"])
    assert changed(filled, seq) == ["B"]


def test_lines_concern_the_parties_of_the_documents_they_belong_and_belonged_to(
    filled: Ledger,
) -> None:
    seq = filled.last_seq
    land(filled, "allocation", {"id": "1", "invoice_id": "IB", "payment_id": "P"})
    assert changed(filled, seq) == ["B"]
    seq = filled.last_seq
    land(filled, "order_line", {"id": "LA", "order_id": "OB"})
    assert changed(filled, seq) == ["A", "B"]


def test_accounts_and_users_tell_nothing_here(filled: Ledger) -> None:
    seq = filled.last_seq
    land(filled, "account", {"id": "C", "name": "Another name"})
    land(filled, "user", {"id": "U", "name": "A person"})
    assert changed(filled, seq) == []


@pytest.mark.parametrize(
    ("entity", "values"),
    [
        ("fx_rate", {"currency": "USD", "rate": Decimal("0.9")}),
        ("insurance_policy", {"number": "V-1", "insurer": "An insurer", "currency": "EUR"}),
        ("control_total", {"currency": "EUR", "receivables": Decimal(1)}),
    ],
)
def test_what_belongs_to_no_party_concerns_all(
    filled: Ledger, entity: str, values: dict[str, object]
) -> None:
    seq = filled.last_seq
    land(filled, entity, {"id": "N", **values})
    land(filled, "invoice", {"id": "I3", **to("C")})
    assert changed(filled, seq) is None
