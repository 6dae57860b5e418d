"""The fact sheet's vectors, each through the table expressions that the engine uses."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pytest

from connector.credit.decision import holds, limits, proposal, scorecard
from connector.credit.expressions import (
    convert,
    days_between,
    due_after,
    exact,
    exact_money,
    per_unit,
    ratio,
)
from connector.credit.expressions import money as as_money
from connector.credit.facts import MOMENT_SCHEMA, Facts, linked_columns, moment_row
from connector.credit.metrics import behaviour, exposure, receivables, turnover
from connector.credit.policy.document import (
    BinDoc,
    CharacteristicDoc,
    ExposureDoc,
    GradeDoc,
    HardStopsDoc,
    ScorecardDoc,
    StepDoc,
    WindowsDoc,
)
from connector.domain.dates import TermsRule, due_date
from tests.unit.credit.book import AS_OF, only

VECTORS: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("vectors.json").read_text(encoding="utf-8")
)
MONEY, RATE = "decimal(18,4)", "decimal(18,10)"
NOW = ibis.literal(AS_OF, type="date")


def given(name: str) -> Any:
    return VECTORS[name]["in"]


def wanted(name: str) -> Any:
    return VECTORS[name]["out"]


def money(value: object) -> Decimal:
    return Decimal(str(value))


def close(value: object, expected: object, within: str = "0.0001") -> bool:
    return abs(Decimal(str(value)) - Decimal(str(expected))) <= Decimal(within)


def one_row(tables: Any, name: str, kinds: dict[str, str], **values: Any) -> Any:
    return tables.make(name, kinds, [values])


def test_exp_1(tables: Any) -> None:
    v = given("EXP-1")
    names = {
        "open_receivables": "open_ar", "open_orders": "undelivered_orders",
        "unbilled_deliveries": "unbilled_deliveries", "unposted_billing": "unposted_billing",
        "unapplied_cash": "unapplied_cash", "open_credit_notes": "open_credit_notes",
        "order_prepayments": "order_prepayments",
    }  # fmt: skip
    values = {name: money(v[key]) for name, key in names.items()}
    t = one_row(tables, "t", dict.fromkeys(names, MONEY), **values)
    row = only(tables.rows(t.select(**exposure.gross_and_net(t, ExposureDoc()))))
    assert row == {k: money(x) for k, x in wanted("EXP-1").items()}


def test_exp_fx(tables: Any) -> None:
    v = given("EXP-FX")
    rows = [
        {"amount": money(v["CNY"]), "rate": Decimal(1)},
        {"amount": money(v["USD"]), "rate": money(v["usd_cny"])},
    ]
    t = tables.make("t", {"amount": MONEY, "rate": RATE}, rows)
    total = t.mutate(base=convert(t.amount, t.rate)).aggregate(total=lambda x: x.base.sum())
    assert only(tables.rows(total))["total"] == money(wanted("EXP-FX")["exposure_CNY"])


def test_exp_horizon(tables: Any) -> None:
    v, out = given("EXP-HORIZON"), wanted("EXP-HORIZON")
    orders = [
        {"party_id": "P", "connection": "crm", "id": str(n), "number": str(n), "state": "open",
         "currency": "CNY", "uninvoiced": money(amount), "order_date": AS_OF,
         "ship_date": date.fromisoformat(ships)}
        for n, (ships, amount) in enumerate(v["orders"])
    ]  # fmt: skip
    moment = dict(ibis.Schema.from_pyarrow(MOMENT_SCHEMA).items())
    facts = Facts({
        "order": tables.make("orders", linked_columns("order"), orders),
        "delivery": tables.make("deliveries", linked_columns("delivery"), []),
        "moment": tables.make("moment", moment, moment_row("CNY", AS_OF).to_pylist()),
    })  # fmt: skip
    rates = tables.make("rates", {"currency": "string", "rate": RATE},
                        [{"currency": "CNY", "rate": Decimal(1)}])  # fmt: skip
    within = exposure.order_sums(facts, rates, v["horizon_days"])
    part = only(tables.rows(within))["open_orders"]
    assert part == out["dynamic_part"]
    assert part + v["static_part"] == out["exposure_checked"]
    assert only(tables.rows(exposure.order_sums(facts, rates, None)))["open_orders"] == 110000


def test_lim_avail(tables: Any) -> None:
    v, out = given("LIM-AVAIL"), wanted("LIM-AVAIL")
    kinds = {"approved_state": "string", "approved_amount": MONEY, "net_exposure": MONEY,
             "collateral": MONEY, "expired": "boolean"}  # fmt: skip
    t = one_row(tables, "t", kinds, approved_state="amount", approved_amount=money(v["limit"]),
                net_exposure=money(v["net_exposure"]), collateral=money(v["guarantee_effective"]),
                expired=False)  # fmt: skip
    for way in ("A", "B"):
        row = only(tables.rows(t.select(**limits.availability(t, way))))
        assert row["available"] == money(out[f"{way}_available"])
        assert close(row["utilisation"], out[f"{way}_utilisation"])


def test_lim_tri(tables: Any) -> None:
    states = [("none", None), ("cash_only", None), ("unlimited", None), ("amount", 500),
              ("amount", 2000)]  # fmt: skip
    rows = [
        {"no": n, "approved_state": state, "approved_amount": None if a is None else Decimal(a),
         "net_exposure": Decimal(given("LIM-TRI")["net_exposure"]), "collateral": Decimal(0),
         "expired": False}
        for n, (state, a) in enumerate(states)
    ]  # fmt: skip
    kinds = {"no": "int64", "approved_state": "string", "approved_amount": MONEY,
             "net_exposure": MONEY, "collateral": MONEY, "expired": "boolean"}  # fmt: skip
    t = tables.make("t", kinds, rows)
    found = tables.rows(t.select("no", **limits.availability(t, "A")).order_by("no"))
    available = [None if row["available"] is None else int(row["available"]) for row in found]
    used = [None if row["utilisation"] is None else float(row["utilisation"]) for row in found]
    expected = [None if a == "unlimited" else a for a in wanted("LIM-TRI")["available"]]
    assert available == expected
    assert used == wanted("LIM-TRI")["utilisation"]


def age_1_items(tables: Any) -> Any:
    kinds = {
        "party_id": "string", "connection": "string", "id": "string", "seller": "string",
        "currency": "string", "open": MONEY, "due_date": "date", "disputed": "boolean",
        "disputed_part": MONEY, "due_basis": "string",
    }  # fmt: skip
    rows = [
        {"party_id": "P", "connection": "erp", "id": number, "seller": "", "currency": "CNY",
         "open": money(amount), "due_date": date.fromisoformat(due), "disputed": disputed,
         "disputed_part": Decimal(0), "due_basis": "document"}
        for number, amount, due, disputed in given("AGE-1")["open_items"]
    ]  # fmt: skip
    invoices = tables.make("inv", kinds, rows)
    rates = tables.make("rates", {"currency": "string", "rate": RATE},
                        [{"currency": "CNY", "rate": Decimal(1)}])  # fmt: skip
    return receivables.open_items(invoices, rates, NOW, (30, 60, 90, 120))


def test_age_1(tables: Any) -> None:
    out = wanted("AGE-1")
    items = age_1_items(tables)
    rows = tables.rows(items.select("id", "days_past_due"))
    assert {row["id"]: row["days_past_due"] for row in rows} == out["days_past_due"]
    sums = receivables.receivable_sums(
        items.mutate(past_grace=items.days_past_due > 3), (30, 60, 90, 120)
    )
    row = only(tables.rows(sums))
    buckets = {"current": "age_current", "1-30": "age_1_30", "61-90": "age_61_90",
               "91-120": "age_91_120"}  # fmt: skip
    assert {key: int(row[column]) for key, column in buckets.items()} == out["buckets"]
    assert row["age_31_60"] == row["age_over_120"] == 0
    assert row["overdue"] == out["overdue"]
    ratios = only(tables.rows(sums.select(
        all=ratio(sums.overdue, sums.open_receivables),
        undisputed=ratio(sums.overdue_undisputed, as_money(sums.open_receivables - sums.disputed)),
        disputes=ratio(sums.disputed, sums.open_receivables),
        weighted=per_unit(sums.all_late_days_amount, sums.overdue),
        oldest=days_between(NOW, items.due_date.min().as_scalar()),
    )))  # fmt: skip
    assert close(ratios["all"], out["overdue_ratio"])
    assert close(ratios["undisputed"], out["overdue_ratio_undisputed"])
    assert close(ratios["disputes"], out["dispute_ratio"])
    assert close(ratios["weighted"], out["wavg_dpd_overdue"], "0.01")
    assert ratios["oldest"] == out["max_dpd"]


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (TermsRule.NET, "net30"),
        (TermsRule.NET_THEN_END_OF_MONTH, "net30_then_EOM"),
        (TermsRule.END_OF_MONTH_THEN_NET, "EOM_plus_30"),
    ],
)
def test_term_1(tables: Any, rule: TermsRule, key: str) -> None:
    base = date.fromisoformat(given("TERM-1")["invoice_date"])
    t = one_row(tables, "t", {"base": "date", "days": "int64"}, base=base, days=30)
    row = only(tables.rows(t.select(due=due_after(t.base, t.days, rule).cast("string"))))
    assert row["due"][:10] == wanted("TERM-1")[key] == due_date(base, 30, rule).isoformat()


def dso_of(tables: Any, receivable: object, sales: object, days: int) -> Any:
    t = one_row(tables, "t", {"ar": MONEY, "sales": MONEY, "days": "int64"},
                ar=money(receivable), sales=money(sales), days=days)  # fmt: skip
    return only(tables.rows(t.select(dso=turnover.dso(t.ar, t.sales, t.days))))["dso"]


def test_dso_std(tables: Any) -> None:
    v = given("DSO-STD")
    found = dso_of(tables, v["ar"], v["credit_sales_q2"], v["days"])
    assert close(found, wanted("DSO-STD")["dso"], "0.01")


def test_dso_best(tables: Any) -> None:
    v, out = given("DSO-BEST"), wanted("DSO-BEST")
    best = dso_of(tables, v["current_ar"], v["credit_sales"], v["days"])
    assert close(best, out["bpdso"])
    tables.backend.drop_table("t")
    standard = dso_of(tables, given("DSO-STD")["ar"], v["credit_sales"], v["days"])
    assert close(standard - best, out["average_days_delinquent"])


def test_dso_countback(tables: Any) -> None:
    v = given("DSO-COUNTBACK")
    months = list(v["monthly_credit_sales"].values())[::-1]
    sales = {f"sales_m{n}": money(months[n]) if n < len(months) else Decimal(0) for n in range(12)}
    t = one_row(tables, "t", {"ar": MONEY, **dict.fromkeys(sales, MONEY)}, ar=money(v["ar"]),
                **sales)  # fmt: skip
    kinds = {field.name: str(ibis.Schema.from_pyarrow(MOMENT_SCHEMA)[field.name])
             for field in MOMENT_SCHEMA}  # fmt: skip
    moment = tables.make("moment", kinds, moment_row("CNY", AS_OF).to_pylist())
    row = only(tables.rows(t.select(dso=turnover.countback(t, t.ar, moment))))
    assert row["dso"] == money(wanted("DSO-COUNTBACK")["dso"])


def test_dso_newcust(tables: Any) -> None:
    v, out = given("DSO-NEWCUST"), wanted("DSO-NEWCUST")
    wrong = dso_of(tables, v["ar"], v["sales_since_start"], v["window_days"])
    assert wrong == money(out["wrong_window"])
    tables.backend.drop_table("t")
    clipped = dso_of(tables, v["ar"], v["sales_since_start"], v["customer_age_days"])
    assert clipped == money(out["clipped_window"])


def test_no_sales_is_unknown_and_no_receivable_is_zero(tables: Any) -> None:
    assert dso_of(tables, 100, 0, 91) is None
    tables.backend.drop_table("t")
    assert dso_of(tables, 0, 0, 91) == 0


def pay_1(tables: Any) -> Any:
    kinds = {"party_id": "string", "seller": "string", "base": MONEY, "days_to_pay": "int32",
             "days_beyond": "int32", "settled_on": "date"}  # fmt: skip
    rows = []
    for _, amount, issued, due, paid in given("PAY-1")["payments"]:
        i, d, p = (date.fromisoformat(x) for x in (issued, due, paid))
        rows.append({"party_id": "P", "seller": "", "base": money(amount), "settled_on": p,
                     "days_to_pay": (p - i).days, "days_beyond": (p - d).days})  # fmt: skip
    seen = tables.make("seen", kinds, rows)
    sums = behaviour.payment_sums(seen, NOW, WindowsDoc())
    # Open and overdue besides: 50,000 for 80 days and 80,000 for 16 days.
    late = Decimal(50000 * 80 + 80000 * 16)
    t = sums.mutate(
        overdue_undisputed=exact_money(Decimal(130000)),
        late_days_amount=exact_money(late),
        late_items=ibis.literal(2),
    )
    return t.select(**behaviour.payment_columns(t))


def test_pay_1(tables: Any) -> None:
    out = wanted("PAY-1")
    row = only(tables.rows(pay_1(tables)))
    assert close(row["days_to_pay"], out["weighted_avg_days_to_pay"], "0.01")
    assert close(row["dbt"], out["weighted_dbt_signed"], "0.01")
    assert close(row["dbt_floored"], out["weighted_dbt_floored"], "0.01")
    assert close(row["dbt_with_open"], out["weighted_dbt_incl_open_overdue"], "0.01")


def lim_methods(tables: Any) -> Any:
    v = given("LIM-METHODS")
    kinds = {"terms_days": "int64", "yearly_sales": MONEY, "nw": MONEY, "wc": MONEY,
             "agency": MONEY, "score": MONEY}  # fmt: skip
    return one_row(
        tables, "t", kinds, terms_days=v["terms"], yearly_sales=money(v["annual_purchases"]),
        nw=money(v["tangible_net_worth"]) * money(v["pct_nw"]),
        wc=money(v["working_capital"]) * money(v["pct_wc"]), agency=money(v["agency_max"]),
        score=money(v["score_base"]) * money(v["band_multiplier"]),
    )  # fmt: skip


def test_lim_methods(tables: Any) -> None:
    v, out = given("LIM-METHODS"), wanted("LIM-METHODS")
    t = lim_methods(tables)
    t = t.mutate(need=proposal.need(t, v["tolerance_days"], 30))
    weights = {name: money(weight) for name, weight in v["weights"].items()}
    blended, coverage = proposal.blend({name: (t[name], w) for name, w in weights.items()})
    t = t.mutate(blend=blended, coverage=coverage)
    least, name = proposal.smallest(
        {"blend": t.blend, "need": t.need, "agency": convert(t.agency, exact(Decimal("1.2")))}
    )
    t = t.mutate(capped=least, cap=name)
    step = StepDoc.model_validate({"from": 0, "step": 5000})
    row = only(tables.rows(t.mutate(rounded=proposal.round_down(t.capped, [step]))))
    assert close(row["need"], out["need"], "0.01")
    assert close(row["blend"], out["blend"], "0.01")
    assert close(row["capped"], out["capped"], "0.01")
    assert (row["cap"], row["coverage"]) == ("blend", 1)
    assert row["rounded"] == out["rounded_down_5000"]


def test_lim_blend_missing(tables: Any) -> None:
    v, out = given("LIM-BLEND-MISSING"), wanted("LIM-BLEND-MISSING")
    weights = given("LIM-METHODS")["weights"]
    values = {name: money(v["present"][name]) for name in v["present"]}
    t = one_row(tables, "t", dict.fromkeys(weights, MONEY), **values)
    blended, coverage = proposal.blend({n: (t[n], money(w)) for n, w in weights.items()})
    row = only(tables.rows(t.select(blended=blended, coverage=coverage)))
    assert close(row["blended"], out["renormalised"], "0.01")
    assert close(row["coverage"], out["coverage"])


def test_lim_step(tables: Any) -> None:
    v = given("LIM-STEP")
    t = one_row(tables, "t", {"current": MONEY, "proposed": MONEY},
                current=money(v["current"]), proposed=money(v["proposed"]))  # fmt: skip
    guard = proposal.step_guard(t.current, money(v["max_up_pct"]))
    row = only(
        tables.rows(t.select(applied=proposal.smallest({"blend": t.proposed, "step": guard})[0]))
    )
    assert row["applied"] == money(wanted("LIM-STEP")["applied"])


NAMES = ("overdue_ratio", "dbt", "utilisation", "dso")


def card(weights: list[float], scores: list[int | None], missing: str) -> ScorecardDoc:
    """Characteristics whose middle bin gives the score's share of the weight."""
    lines = []
    for name, weight, of_100 in zip(NAMES, weights, scores, strict=True):
        whole, value = round(weight * 100), 50 if of_100 is None else of_100
        middle = round(whole * value / 100)
        bins = (
            BinDoc(up_to=Decimal(value - 1), points=0),
            BinDoc(above=Decimal(value - 1), up_to=Decimal(value), points=middle),
            BinDoc(above=Decimal(value), points=whole),
        )
        lines.append(
            CharacteristicDoc(
                id=name, metric=name, label_en=name, label_zh=name, weight=whole, bins=bins,
                missing="conservative" if missing == "conservative" else "renormalise",
            )
        )  # fmt: skip
    return ScorecardDoc(min_coverage=Decimal("0.5"), characteristics=tuple(lines))


def scored(tables: Any, missing: str = "renormalise") -> dict[str, Any]:
    v = given("SC-MISSING")
    values = {n: None if s is None else Decimal(s) for n, s in zip(NAMES, v["scores"], strict=True)}
    t = tables.make("t", {"party_id": "string", "selling_company": "string",
                          **dict.fromkeys(NAMES, MONEY)},
                    [{"party_id": "P", "selling_company": "", **values}])  # fmt: skip
    return only(tables.rows(scorecard.score(t, card(v["weights"], v["scores"], missing))))


def test_sc_missing(tables: Any) -> None:
    out = wanted("SC-MISSING")
    row = scored(tables)
    assert row["score"] == out["renormalised"]
    assert close(row["coverage"], out["coverage"])
    points = [row[f"pts_{name}"] for name in NAMES]
    assert points[1] is None
    assert sum(p for p in points if p is not None) == row["score"]


def test_sc_missing_conservative_takes_the_worst_bin(tables: Any) -> None:
    assert scored(tables, missing="conservative")["score"] == wanted("SC-MISSING")["zero_filled"]


def test_sc_oracle_round(tables: Any) -> None:
    # Points of 70.5 and 70.4 on a scale of 100, as 141 of 200 and 704 of 1000.
    rows = [{"got": 141, "of": 200, "no": 0}, {"got": 704, "of": 1000, "no": 1}]
    t = tables.make("t", {"got": "int64", "of": "int64", "no": "int64"}, rows)
    rows = tables.rows(t.select("no", score=scorecard._scaled(t.got, t.of)).order_by("no"))
    assert [row["score"] for row in rows] == wanted("SC-ORACLE-ROUND")["half_up"]


def test_sc_hardstop(tables: Any) -> None:
    v, out = given("SC-HARDSTOP"), wanted("SC-HARDSTOP")
    bands = [GradeDoc.model_validate({"grade": g, "from": s, "review_days": 90})
             for g, s in (("A", 80), ("B", 65), ("C", 45), ("D", 0))]  # fmt: skip
    rule = HardStopsDoc(grade="D", codes=(v["hard_stop"],))
    t = tables.make("t", {"no": "int64", "score": "int64", "hard_stop": "string"},
                    [{"no": 0, "score": v["score"], "hard_stop": v["hard_stop"]},
                     {"no": 1, "score": v["score"], "hard_stop": None}])  # fmt: skip
    rows = tables.rows(scorecard.grade(t, bands, rule).order_by("no"))
    assert [row["grade"] for row in rows] == [out["grade"], "A"]
    assert {row["score"] for row in rows} == {out["score_reported"]}


def test_hold_hyst(tables: Any) -> None:
    v = given("HOLD-HYST")
    states, held = [], False
    t = tables.make("t", {"used": RATE, "held": "boolean", "no": "int64"}, [
        {"used": money(e) / money(v["limit"]), "held": h, "no": 2 * n + h}
        for n, e in enumerate(v["exposures"]) for h in (False, True)
    ])  # fmt: skip
    rule = holds.limit_holds(
        t.used, t.held, exact(money(v["hold_above"])), exact(money(v["release_below"]))
    )
    answers = {row["no"]: row["hold"] for row in tables.rows(t.select("no", hold=rule))}
    for n in range(len(v["exposures"])):
        held = answers[2 * n + held]
        states.append("hold" if held else "ok")
    assert states == wanted("HOLD-HYST")["states"]


@pytest.mark.parametrize(("items", "known"), [(7, True), (4, False)])
def test_ewi_trend(tables: Any, items: int, known: bool) -> None:
    v, out = given("EWI-TREND"), wanted("EWI-TREND")
    recent, before = money(v["dbt_last_3m"]), money(v["dbt_prev_9m"])
    kinds = {"recent": MONEY, "before": MONEY, "items": "int64"}
    t = one_row(tables, "t", kinds, recent=recent, before=before, items=items)
    windows = WindowsDoc(trend_min_items=v["min_invoices"])
    delta = behaviour.trend(t.recent, t.before, t.items, windows)
    found = only(tables.rows(t.select(d=delta)))["d"]
    assert found == (out["delta"] if known else None)
    if known:
        assert (found >= v["trigger_days"]) is out["fires"]
