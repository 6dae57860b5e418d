"""Which parties get a decision, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from connector.ledger import Ledger
from connector.ports.store import APPROVED_LIMIT_SCHEMA, LINK_SCHEMA
from connector.sync.link import link
from connector.sync.scope import ScopeReport, ScopeRules, scope_parties
from tests.unit.ledger.batches import land, table, to

AS_OF = date(2025, 7, 1)
NO_LIMITS = APPROVED_LIMIT_SCHEMA.empty_table()
RULES = ScopeRules(order_months=12)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger") as opened:
        yield opened


def scope(ledger: Ledger, rules: ScopeRules = RULES, limits: pa.Table = NO_LIMITS) -> ScopeReport:
    link(ledger, LINK_SCHEMA.empty_table(), {}, "run-1")
    return scope_parties(ledger, rules, AS_OF, limits)


def reasons(ledger: Ledger) -> dict[str, str]:
    rows = ledger.query("SELECT party_id, in_scope, reason FROM scope").to_pylist()
    outside = {"natural_person", "own_group", "prospect"}
    assert all(row["in_scope"] == (row["reason"] not in outside) for row in rows)
    return {row["party_id"].removeprefix("acc:crm:"): row["reason"] for row in rows}


def accounts(ledger: Ledger, *keys: str) -> None:
    land(ledger, "account", *({"id": key} for key in keys))


def invoice(account: str, **values: object) -> dict[str, object]:
    return {"id": f"I-{account}", **to(account), "amount": Decimal(100), **values}


def test_every_party_has_a_reason_and_they_are_counted(ledger: Ledger) -> None:
    accounts(ledger, "invoiced", "ordering", "limited", "nothing")
    land(
        ledger,
        "account",
        {"id": "terms", "terms_days": 0},
        {"id": "person", "party_kind": "natural_person", "terms_days": 30},
        {"id": "ours", "own_group": True, "terms_days": 30},
        feed="more",
    )
    land(ledger, "invoice", invoice("invoiced", open_amount=Decimal(1)))
    land(ledger, "order", {"id": "O", **to("ordering"), "amount": Decimal(1)})
    limit = {"party_id": "acc:crm:limited", "selling_company": "", "state": "cash_only"}
    report = scope(ledger, limits=table(APPROVED_LIMIT_SCHEMA, limit))
    assert reasons(ledger) == {
        "invoiced": "open_items",
        "ordering": "orders",
        "limited": "approved_limit",
        "terms": "terms",
        "nothing": "prospect",
        "person": "natural_person",
        "ours": "own_group",
    }
    assert (report.in_scope, report.out_of_scope) == (4, 3)
    assert report.counts == dict.fromkeys(reasons(ledger).values(), 1)


def test_natural_persons_come_in_only_when_the_settings_say_so(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "P", "party_kind": "natural_person", "terms_days": 30})
    assert scope(ledger).in_scope == 0
    scope(ledger, ScopeRules(12, include_natural_persons=True))
    assert reasons(ledger) == {"P": "terms"}


@pytest.mark.parametrize("name", ["R1", "10023", "hrb-77", "reg:DE:HRB77"])
def test_own_companies_are_named_by_record_number_identifier_or_party(
    ledger: Ledger, name: str
) -> None:
    land(
        ledger,
        "account",
        {"id": "R1", "account_number": "10023", "registration_no": "HRB 77", "country": "DE"},
        {"id": "R2", "account_number": "hrb-7", "terms_days": 30},
    )
    scope(ledger, ScopeRules(12, own_group_parties=(name, "nobody")))
    assert reasons(ledger) == {"reg:DE:HRB77": "own_group", "R2": "terms"}


def test_a_limit_that_says_none_brings_nobody_in(ledger: Ledger) -> None:
    accounts(ledger, "A")
    limit = {"party_id": "acc:crm:A", "selling_company": "", "state": "none"}
    assert scope(ledger, limits=table(APPROVED_LIMIT_SCHEMA, limit)).in_scope == 0


def test_orders_count_within_their_months_unless_drafts_or_cancelled(ledger: Ledger) -> None:
    cases = {
        "first day in": (date(2025, 1, 2), "open", "orders"),
        "last day out": (date(2025, 1, 1), "open", "prospect"),
        "today": (AS_OF, "fulfilled", "orders"),
        "later": (date(2025, 7, 2), "open", "prospect"),
        "draft": (AS_OF, "draft", "prospect"),
        "cancelled": (AS_OF, "cancelled", "prospect"),
    }
    accounts(ledger, *cases)
    orders = [
        {"id": key, **to(key), "amount": Decimal(1), "order_date": day, "state": state}
        for key, (day, state, _) in cases.items()
    ]
    land(ledger, "order", *orders)
    scope(ledger, ScopeRules(order_months=6))
    assert reasons(ledger) == {key: reason for key, (_, _, reason) in cases.items()}


def test_open_items_are_derived_where_the_source_keeps_no_open_amount(ledger: Ledger) -> None:
    accounts(ledger, "paid", "part", "unpaid", "credited", "cleared", "later", "zero", "mixed")
    land(
        ledger,
        "invoice",
        *(invoice(key) for key in ("paid", "part", "unpaid", "credited", "mixed")),
        invoice("cleared", cleared_date=date(2025, 6, 20)),
        invoice("later", invoice_date=date(2025, 7, 2)),
        invoice("zero", open_amount=Decimal(0)),
    )

    def payment(key: str, amount: int, **values: object) -> dict[str, object]:
        return {"id": f"P-{key}", **to(key), "amount": Decimal(amount), **values}

    land(
        ledger,
        "payment",
        payment("paid", 100),
        payment("part", 99),
        payment("unpaid", 100, value_date=date(2025, 7, 2)),
        payment("mixed", 100, currency="USD"),
    )
    note = {"id": "C", **to("credited"), "amount": Decimal(100)}
    land(ledger, "credit_note", note)
    scope(ledger)
    assert reasons(ledger) == {
        "paid": "prospect",
        "part": "open_items",
        "unpaid": "open_items",
        "credited": "prospect",
        "cleared": "prospect",
        "later": "prospect",
        "zero": "prospect",
        "mixed": "open_items",
    }


def test_a_delivery_not_billed_is_an_open_item(ledger: Ledger) -> None:
    accounts(ledger, "A")
    land(ledger, "delivery", {"id": "D", **to("A"), "unbilled_amount": Decimal(5)})
    scope(ledger)
    assert reasons(ledger) == {"A": "open_items"}
