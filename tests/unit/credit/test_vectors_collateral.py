"""Vectors of guarantees and credit insurance, through the table expressions of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import ibis
import pytest

from connector.credit.decision import limits
from connector.credit.expressions import money as as_money
from connector.credit.facts import (
    GIVEN,
    LINKED,
    MOMENT_SCHEMA,
    OURS,
    PLAIN,
    Facts,
    linked_columns,
    moment_row,
)
from connector.credit.metrics import guarantees, insurance, insured_limits, security
from connector.credit.metrics.rates import rates_at
from connector.credit.policy.collateral import CollateralDoc, InsuranceDoc
from connector.credit.policy.document import PolicyDoc
from tests.unit.credit.book import AS_OF, only
from tests.unit.credit.test_vectors import MONEY, NOW, RATE, close, given, money, wanted

ITEM = {
    "party_id": "string", "connection": "string", "id": "string", "number": "string",
    "seller": "string", "currency": "string", "invoice_date": "date", "due_date": "date",
    "open": MONEY, "base": MONEY, "base_undisputed": MONEY, "undisputed_open": MONEY,
}  # fmt: skip


READ = ("guarantee", "insurance_policy", "insured_limit", "invoice", "event", "bill", "scope",
        "party", "prior", "fx")  # fmt: skip


@pytest.fixture(autouse=True)
def _plain_selects() -> Iterator[None]:
    """As the engine compiles: nested selects are not merged, which takes seconds."""
    fused = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    yield
    ibis.options.sql.fuse_selects = fused


def facts_of(tables: Any, **rows: list[dict[str, Any]]) -> Facts:
    """Facts with the given rows; every other table that collateral reads is empty."""
    schemas: dict[str, Any] = {n: linked_columns(n) for n in (*LINKED, *OURS)} | dict(PLAIN)
    schemas["prior"] = dict(ibis.Schema.from_pyarrow(GIVEN["prior"]).items())
    schemas["moment"] = dict(ibis.Schema.from_pyarrow(MOMENT_SCHEMA).items())
    rows.setdefault("party", [{"party_id": "P", "terms_days": 60, "group_id": "P"}])
    rows["moment"] = moment_row("CNY", AS_OF).to_pylist()
    wanted_tables = (*READ, "moment")
    return Facts({n: tables.make(f"in_{n}", schemas[n], rows.get(n, [])) for n in wanted_tables})


def kept(tables: Any, name: str, expression: Any) -> Any:
    """A stage, materialised as the engine does."""
    return tables.backend.create_table(name, expression.to_pyarrow())


def row(entity: str, **columns: Any) -> dict[str, Any]:
    """A record of an entity for party P."""
    return {"party_id": "P", "connection": "file", "id": f"{entity}-1", "currency": "CNY",
            **columns}  # fmt: skip


def item(number: str, amount: Any, due: date, *, disputed: bool = False, **more: Any) -> Any:
    value = money(amount)
    clean = Decimal(0) if disputed else value
    return {"party_id": "P", "connection": "erp", "id": number, "number": number, "seller": "",
            "currency": "CNY", "invoice_date": due - timedelta(60), "due_date": due, "open": value,
            "base": value, "base_undisputed": clean, "undisputed_open": clean, **more}  # fmt: skip


def items_of(tables: Any, *rows: dict[str, Any]) -> Any:
    return tables.make("items", ITEM, list(rows))


def secured(tables: Any, facts: Facts, items: Any, policy: PolicyDoc, **party: Any) -> Any:
    """Columns of guarantees and insurance for one party with the given sums."""
    rates = rates_at(facts)
    rule = policy.collateral
    held = kept(tables, "held", guarantees.held_guarantees(facts, rates, items, policy))
    gsum = guarantees.guarantee_sums(held, items, NOW, max(rule.guarantees.alert_days))
    gsum = kept(tables, "gsum", gsum)
    found = kept(tables, "found", insured_limits.insured_limits(facts, rates, rule.insurance))
    covered = insurance.covered_items(found, items, facts, rule.insurance)
    covered = kept(tables, "covered", covered)
    isum = insurance.insurance_sums(covered, NOW, rule.insurance)
    share = insurance.of_parties(covered)
    zeros = {"open_receivables", "gross_exposure", "net_exposure", "unapplied_cash",
             "open_credit_notes"}  # fmt: skip
    values = {name: money(party.get(name, 0)) for name in zeros}
    t = tables.make("wide", {"party_id": "string", **dict.fromkeys(zeros, MONEY)},
                    [{"party_id": "P", **values}])  # fmt: skip
    for other in (gsum, isum, share):
        t = t.left_join(other, "party_id").drop("party_id_right")
        t = t.drop(*[c for c in t.columns if c.endswith("_right")])
    t = t.mutate(
        **{
            c: ibis.coalesce(t[c], ibis.literal(0).cast(t[c].type()))
            for c in t.columns
            if t[c].type().is_decimal() or t[c].type().is_integer()
        }
    )
    t = t.mutate(guarantees_effective=guarantees.effective(t), **insurance.cover(t))
    t = kept(tables, "secured", t)
    return t.mutate(
        unsecured_exposure=security.unsecured(t), collateral=security.collateral(t, rule)
    )


def sample_items(tables: Any) -> Any:
    """The sample ledger's open items: 380,000, of which 40,000 disputed."""
    return items_of(
        tables,
        item("INV-1", 50000, date(2025, 7, 11)),
        item("INV-2", 80000, date(2025, 6, 14)),
        item("INV-3", 150000, date(2025, 7, 11)),
        item("INV-4", 60000, date(2025, 8, 4)),
        item("INV-5", 40000, date(2025, 3, 7), disputed=True),
    )


def exp_2_facts(tables: Any) -> Facts:
    v = given("EXP-2")
    return facts_of(
        tables,
        guarantee=[row("guarantee", number="G", kind="bank_guarantee",
                       amount=money(v["guarantee_face"]), haircut=money(v["haircut"]),
                       valid_to=date(2026, 6, 30))],
        insurance_policy=[{"connection": "file", "id": "POL", "number": "POL", "insurer": "X",
                           "currency": "CNY", "insured_share": money(v["insured_pct"]),
                           "max_terms_days": 90}],
        insured_limit=[row("insured_limit", policy_number="POL", kind="named", state="in_force",
                           amount=money(v["insured_limit"]), valid_from=date(2025, 1, 1))],
    )  # fmt: skip


SAMPLE = {"open_receivables": 380000, "gross_exposure": 560000, "net_exposure": 492000,
          "unapplied_cash": 20000, "open_credit_notes": 15000}  # fmt: skip


def test_exp_2(tables: Any, policy: PolicyDoc) -> None:
    out = wanted("EXP-2")
    t = secured(tables, exp_2_facts(tables), sample_items(tables), policy, **SAMPLE)
    found = only(tables.rows(t))
    assert found["guarantees_effective"] == money(out["guarantee_effective"])
    assert found["net_exposure"] - found["guarantees_effective"] == money(out["after_guarantee"])
    assert found["insurable_balance"] == given("EXP-2")["insurable_balance"]
    assert found["insurance_cover"] == money(out["insurance_cover"])
    assert found["unsecured_exposure"] == money(out["unsecured_exposure"])
    assert found["collateral"] == found["guarantees_effective"]


def test_lim_avail_from_the_guarantee_on(tables: Any, policy: PolicyDoc) -> None:
    out = wanted("LIM-AVAIL")
    t = secured(tables, exp_2_facts(tables), sample_items(tables), policy, **SAMPLE)
    t = t.mutate(approved_state=ibis.literal("amount"), expired=ibis.literal(False),
                 approved_amount=as_money(ibis.literal(given("LIM-AVAIL")["limit"])))  # fmt: skip
    for way in ("A", "B"):
        found = only(tables.rows(t.select(**limits.availability(t, way))))
        assert found["available"] == money(out[f"{way}_available"])
        assert close(found["utilisation"], out[f"{way}_utilisation"])


def test_lim_d365_coll(tables: Any, policy: PolicyDoc) -> None:
    v, out = given("LIM-D365-COLL"), wanted("LIM-D365-COLL")
    half = 1 - Decimal(v["pct"]) / 100
    facts = facts_of(
        tables,
        guarantee=[row("guarantee", number="G", kind="bank_guarantee", amount=money(v["policy"]),
                       haircut=half, valid_to=date(2026, 6, 30))],
    )  # fmt: skip
    owed = out["effective"]
    items = items_of(tables, item("I", owed, date(2025, 7, 31)))
    t = secured(tables, facts, items, policy, open_receivables=owed, gross_exposure=owed,
                net_exposure=owed)  # fmt: skip
    t = t.mutate(approved_state=ibis.literal("amount"), expired=ibis.literal(False),
                 approved_amount=as_money(ibis.literal(v["limit"])))  # fmt: skip
    found = only(tables.rows(t.select("collateral", **limits.availability(t, "A"))))
    assert v["limit"] + found["collateral"] == money(out["effective"])
    assert (found["available"], found["utilisation"]) == (0, 1)


def gtee_1_facts(tables: Any, **changes: Any) -> Facts:
    v = given("GTEE-1")
    guarantee = row(
        "guarantee",
        number="G",
        kind="bank_guarantee",
        currency=v["currency"],
        amount=money(v["face"]),
        haircut=money(v["haircut"]),
        claim_days=v["claim_days"],
        valid_to=date.fromisoformat(v["expiry"]),
    )
    fx = [{"currency": "USD", "rate_date": AS_OF, "rate": money(v["rate"])}]
    return facts_of(tables, guarantee=[guarantee | changes], fx=fx)


def gtee_1_row(tables: Any, policy: PolicyDoc, **changes: Any) -> dict[str, Any]:
    v = given("GTEE-1")
    owed = v["covered_exposure_cny"]
    items = items_of(tables, item("I", owed, date.fromisoformat(v["last_due"])))
    t = secured(tables, gtee_1_facts(tables, **changes), items, policy, open_receivables=owed,
                gross_exposure=owed, net_exposure=owed)  # fmt: skip
    return only(tables.rows(t))


def test_gtee_1(tables: Any, policy: PolicyDoc) -> None:
    v, out = given("GTEE-1"), wanted("GTEE-1")
    assert policy.collateral.guarantees.fx_haircut == money(v["fx_haircut"])
    facts = gtee_1_facts(tables)
    items = items_of(
        tables, item("I", v["covered_exposure_cny"], date.fromisoformat(v["last_due"]))
    )
    held = guarantees.held_guarantees(facts, rates_at(facts), items, policy)
    assert only(tables.rows(held))["worth"] == money(out["value_before_cap"])
    until = only(tables.rows(guarantees.needed_until(held, items)))
    assert until["guarantee_needed_until"] == date.fromisoformat(out["needed_until"])
    assert only(tables.rows(guarantees.by_guarantor(held)))["exposure"] == 592020


def test_gtee_1_is_capped_by_the_exposure(tables: Any, policy: PolicyDoc) -> None:
    found = gtee_1_row(tables, policy)
    assert found["guarantees_effective"] == wanted("GTEE-1")["effective"]


def test_gtee_1_that_ends_before_the_claim_could_be_made_is_worth_nothing(
    tables: Any, policy: PolicyDoc
) -> None:
    found = gtee_1_row(tables, policy, valid_to=date(2025, 9, 2))
    assert found["guarantees_effective"] == 0
    assert found["guarantees_held"] == 1


@pytest.mark.parametrize(
    ("basis", "key"),
    [("share_then_first_loss", "pct_then_first_loss"),
     ("first_loss_then_share", "first_loss_then_pct")],
)  # fmt: skip
def test_ins_claim(tables: Any, basis: str, key: str) -> None:
    v, out = given("INS-CLAIM"), wanted("INS-CLAIM")
    kinds = {"balance": MONEY, "limit": MONEY, "share": RATE, "first": MONEY, "basis": "string"}
    t = tables.make("t", kinds, [{
        "balance": money(v["balance"]), "limit": money(v["insured_limit"]),
        "share": money(v["insured_pct"]), "first": money(v["first_loss"]), "basis": basis,
    }])  # fmt: skip
    covered = ibis.least(t.balance, t["limit"])
    found = only(tables.rows(t.select(
        above=as_money(t.balance - covered),
        paid=insurance.claim_paid(covered, t.share, t.first, t.basis),
    )))  # fmt: skip
    assert found["above"] == out["uninsured_excess"]
    assert found["paid"] == money(out[key])
    if basis == "share_then_first_loss":
        assert v["balance"] - found["paid"] == money(out["retained_pct_then_fl"])


def test_ins_dates(tables: Any) -> None:
    v, out = given("INS-DATES"), wanted("INS-DATES")
    kinds = {"oldest_due": "date", "extension_days": "int64", "report_days": "int64",
             "wait_days": "int64"}  # fmt: skip
    t = tables.make("t", kinds, [{
        "oldest_due": date.fromisoformat(v["due"]), "extension_days": v["max_extension_days"],
        "report_days": v["notification_days"], "wait_days": v["waiting_days"],
    }])  # fmt: skip
    found = only(tables.rows(t.select("oldest_due", **insurance.clocks(t, InsuranceDoc()))))
    assert found["extension_end"] == date.fromisoformat(out["mep_end"])
    assert found["report_by"] == date.fromisoformat(out["notify_by"])
    assert found["claim_from"] == date.fromisoformat(out["claim_from"])
    assert (AS_OF - found["oldest_due"]).days == out["dpd_on_2025_06_30"]
    assert (found["extension_end"] < AS_OF) is out["cover_stopped"]


def test_collateral_counts_only_what_the_policy_names(tables: Any, policy: PolicyDoc) -> None:
    t = secured(tables, exp_2_facts(tables), sample_items(tables), policy, **SAMPLE)
    both = security.collateral(t, CollateralDoc(counts=("guarantees", "insurance")))
    none = security.collateral(t, CollateralDoc(counts=()))
    found = only(tables.rows(t.select(both=both, none=none)))
    assert (found["both"], found["none"]) == (270000, 0)
