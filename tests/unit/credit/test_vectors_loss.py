"""Vectors of expected loss, late interest and the provision matrix."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import ibis
import pytest

from connector.credit.expressions import exact
from connector.credit.metrics import loss, provision
from connector.credit.metrics.labels import ageing_columns
from connector.credit.policy.loss import LgdDoc, LossDoc, ProvisionDoc
from tests.unit.credit.book import only
from tests.unit.credit.test_vectors import MONEY, RATE, close, given, money, one_row, wanted


def test_el_1(tables: Any) -> None:
    v, out = given("EL-1"), wanted("EL-1")
    rows = [{"no": 0, "ead": money(v["ead"])}, {"no": 1, "ead": Decimal(492000)}]
    t = tables.make("t", {"no": "int64", "ead": MONEY}, rows)
    found = loss.expected_loss(exact(money(v["pd"])), exact(money(v["lgd"])), t.ead)
    rows = tables.rows(t.select("no", el=found).order_by("no"))
    assert [row["el"] for row in rows] == [money(out["el"]), money(out["el_on_net_exposure"])]


def test_security_lowers_the_loss_and_never_the_exposure_as_well(tables: Any) -> None:
    kinds = {"guarantees_effective": MONEY, "insurance_cover": MONEY, "ead": MONEY}
    t = one_row(tables, "t", kinds, guarantees_effective=Decimal(90000),
                insurance_cover=Decimal(180000), ead=Decimal(492000))  # fmt: skip
    lgd = loss.security_lgd(t, t.ead, LgdDoc())
    row = only(tables.rows(t.select(lgd=lgd, el=loss.expected_loss(exact(Decimal("0.025")), lgd,
                                                                   t.ead))))  # fmt: skip
    # 90,000 × 10 % + 180,000 × 15 % + 222,000 × 60 % over the whole 492,000.
    assert close(row["lgd"], Decimal(169200) / 492000, "0.000001")
    assert close(row["el"], Decimal("0.025") * 169200, "0.05")


def test_el_ead(tables: Any) -> None:
    v = given("EL-EAD")
    rows = [{"no": 0, "drawn": money(v["drawn"]), "cap": money(v["limit"])},
            {"no": 1, "drawn": Decimal(600000), "cap": money(v["limit"])},
            {"no": 2, "drawn": Decimal(-500), "cap": None}]  # fmt: skip
    t = tables.make("t", {"no": "int64", "drawn": MONEY, "cap": MONEY}, rows)
    ead = loss.exposure_at_default(t.drawn, t.cap, exact(money(v["ccf"])))
    rows = tables.rows(t.select("no", ead=ead).order_by("no"))
    assert [row["ead"] for row in rows] == [money(wanted("EL-EAD")["ead"]), 600000, 0]


def test_el_term(tables: Any) -> None:
    v = given("EL-TERM")
    t = one_row(tables, "t", {"pd": RATE}, pd=money(v["pd_annual"]))
    whole, part = loss.pd_over(t.pd, 365), loss.pd_over(t.pd, v["horizon_days"])
    row = only(tables.rows(t.select(whole=whole, part=part)))
    assert row["part"] == money(wanted("EL-TERM")["pd_horizon"])
    assert row["whole"] == money(v["pd_annual"])


def test_expected_loss_follows_the_grade_and_is_unknown_without_one(tables: Any) -> None:
    kinds = {"no": "int64", "grade": "string", "loss_given_default": RATE,
             "exposure_at_default": MONEY}  # fmt: skip
    owed = {"loss_given_default": Decimal("0.6"), "exposure_at_default": Decimal(1000)}
    rows = [{"no": n, "grade": grade, **owed} for n, grade in enumerate(["A", "Z", None])]
    t = tables.make("t", kinds, rows)
    rule = LossDoc(pd_by_grade={"A": Decimal("0.01")})
    rows = tables.rows(t.select("no", **loss.loss_columns(t, rule)).order_by("no"))
    assert [row["expected_loss"] for row in rows] == [6, None, None]


def test_int_1(tables: Any) -> None:
    v, out = given("INT-1"), wanted("INT-1")
    sum_of_days = money(v["amount"]) * v["days"]
    t = one_row(tables, "t", {"weighted": "decimal(34, 4)", "agreed": RATE}, weighted=sum_of_days,
                agreed=money(v["annual_rate"]))  # fmt: skip
    daily = exact(money(v["daily_alt"]) * v["basis"])
    row = only(tables.rows(t.select(
        agreed=loss.late_interest(t.weighted, t.agreed, v["basis"]),
        statutory=loss.late_interest(t.weighted, daily, v["basis"]),
    )))  # fmt: skip
    assert close(row["agreed"], out["interest_annual"], "0.005")
    assert row["statutory"] == money(out["interest_daily_5bp"])


def test_the_agreed_rate_comes_before_that_of_the_country(tables: Any, policy: Any) -> None:
    kinds = {"no": "int64", "country": "string", "agreed_late_interest": RATE}
    rows = [{"no": 0, "country": "CN", "agreed_late_interest": Decimal("0.031")},
            {"no": 1, "country": "CN"}, {"no": 2, "country": "DE"}]  # fmt: skip
    t = tables.make("t", kinds, rows)
    rate = loss.interest_rate(t, policy.loss.late_interest)
    rows = tables.rows(t.select("no", rate=rate).order_by("no"))
    assert [row["rate"] for row in rows] == [Decimal("0.031"), Decimal("0.1825"), None]


def test_cost_1(tables: Any) -> None:
    v = given("COST-1")
    t = one_row(tables, "t", {"overdue": MONEY}, overdue=money(v["avg_overdue"]))
    cost = loss.carrying_cost(t.overdue, exact(money(v["cost_of_funds"])))
    row = only(tables.rows(t.select(cost=cost)))
    assert row["cost"] == money(wanted("COST-1")["annual_carry_cost"])


EDGES = (30, 60, 90)


def ecl_parties(tables: Any) -> Any:
    buckets = dict(
        zip(ageing_columns(EDGES), (money(row[1]) for row in given("ECL-1")["matrix"]), strict=True)
    )
    kinds = {"party_id": "string", "selling_company": "string", "country": "string"}
    kinds |= dict.fromkeys(buckets, MONEY)
    half = {name: value / 2 for name, value in buckets.items()}
    rows = [
        {"party_id": "P", "selling_company": "", "country": "DE", **half},
        {"party_id": "Q", "selling_company": "", "country": "CN", **half},
        {"party_id": "Q", "selling_company": "S1", "country": "CN", **half},
    ]
    return tables.make("parties", kinds, rows)


def rates() -> tuple[Decimal, ...]:
    return tuple(money(row[2]) for row in given("ECL-1")["matrix"])


def test_ecl_1(tables: Any) -> None:
    out = wanted("ECL-1")
    parties, rule = ecl_parties(tables), ProvisionDoc(rates=rates())
    rows = tables.rows(provision.provision_matrix(parties, rule, EDGES))
    assert [row["allowance"] for row in rows] == [money(x) for x in out["allowance"]]
    whole = provision.sum_matrix(rows)
    assert whole.allowance == money(out["total"])
    assert whole.coverage == money(out["coverage"])
    each = parties.filter(parties.selling_company == "")
    found = tables.rows(each.select(x=provision.allowance(each, rule, EDGES)))
    assert sum(row["x"] for row in found) == money(out["total"])


def test_a_segment_has_its_own_rates(tables: Any) -> None:
    segment = {"name": "cn", "column": "country", "members": ["CN"], "rates": [Decimal(0)] * 5}
    rule = ProvisionDoc.model_validate({"rates": rates(), "segments": [segment]})
    parties = ecl_parties(tables)
    rows = tables.rows(provision.provision_matrix(parties, rule, EDGES))
    by_segment = {name: sum(r["allowance"] for r in rows if r["segment"] == name)
                  for name in ("", "cn")}  # fmt: skip
    assert by_segment == {"": money(wanted("ECL-1")["total"]) / 2, "cn": 0}


def test_without_rates_there_is_no_matrix(tables: Any) -> None:
    parties, rule = ecl_parties(tables), ProvisionDoc()
    assert tables.rows(provision.provision_matrix(parties, rule, EDGES)) == []
    found = tables.rows(parties.select(x=provision.allowance(parties, rule, EDGES)))
    assert {row["x"] for row in found} == {None}
    assert provision.sum_matrix([]).coverage is None


def test_ecl_rates() -> None:
    v, out = given("ECL-RATES"), wanted("ECL-RATES")
    reached = [money(v["credit_sales"]), *map(money, v["unpaid_after_30_60_90"])]
    lost = money(v["finally_lost"])
    assert provision.loss_rates(reached, lost) == [money(x) for x in out["rates"]]
    scaled = provision.loss_rates(reached, lost, money(v["forward_looking_scalar"]))
    assert scaled == [money(x) for x in out["rates_adjusted"]]
    assert provision.loss_rates([Decimal(0)], Decimal(0)) == [None]


@pytest.fixture
def cohort(tables: Any) -> Any:
    """Three invoices of 100 due on one day: paid in time, paid 45 days late, and 30 of 100 only."""
    due = date(2024, 3, 1)
    kinds = {"party_id": "string", "connection": "string", "id": "string", "due_date": "date",
             "base": MONEY}  # fmt: skip
    keys = {"party_id": "P", "connection": "erp"}
    invoices = tables.make("invoices", kinds, [
        {**keys, "id": n, "due_date": due, "base": Decimal(100)} for n in ("in time", "late", "bad")
    ])  # fmt: skip
    paid = [("in time", 100, 0), ("late", 100, 45), ("bad", 30, 10)]
    applied = tables.make(
        "applied",
        {"party_id": "string", "connection": "string", "id": "string", "base": MONEY,
         "settled_on": "date"},
        [{**keys, "id": n, "base": Decimal(a), "settled_on": due + timedelta(d)}
         for n, a, d in paid],
    )  # fmt: skip
    return invoices, applied


def test_a_cohort_is_followed_bucket_by_bucket(tables: Any, cohort: Any) -> None:
    invoices, applied = cohort
    period = {"due_from": date(2024, 1, 1), "due_to": date(2024, 3, 31)}
    t = provision.follow_cohort(invoices, applied, EDGES, lost_after_days=365, **period)
    row = only(tables.rows(t))
    assert row == {"reached_0": 300, "reached_1": 200, "reached_2": 170, "reached_3": 70,
                   "reached_4": 70, "lost": 70}  # fmt: skip
    found = provision.loss_rates(
        [row["reached_0"], row["reached_2"], row["reached_4"]], row["lost"]
    )
    assert found == [Decimal("0.2333"), Decimal("0.4118"), Decimal(1)]


def test_a_cohort_outside_the_period_is_empty(tables: Any, cohort: Any) -> None:
    invoices, applied = cohort
    t = provision.follow_cohort(
        invoices, applied, EDGES, due_from=date(2023, 1, 1), due_to=date(2023, 12, 31),
        lost_after_days=365,
    )  # fmt: skip
    row = only(tables.rows(t.select(**{c: ibis.coalesce(t[c], 0) for c in t.columns})))
    assert set(row.values()) == {0}
