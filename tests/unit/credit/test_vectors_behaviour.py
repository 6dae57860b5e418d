"""Vectors of payment, promises, use of the limit and orders, through the engine's expressions."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import ibis

from connector.credit.expressions import per_unit, ratio
from connector.credit.facts import MOMENT_SCHEMA, MONTHS, Facts, moment_row
from connector.credit.metrics import collection, orders, payment_index, promises, streaks
from connector.credit.policy.behaviour import OrdersDoc, PromisesDoc, StreakDoc
from tests.unit.credit.book import AS_OF, only
from tests.unit.credit.test_vectors import MONEY, NOW, RATE, close, given, money, one_row, wanted

KEY = {"party_id": "string", "seller": "string"}


def test_dso_true(tables: Any) -> None:
    v = given("DSO-TRUE")["items"]
    rows = [
        {
            "party_id": "P",
            "seller": "",
            "base": money(open_),
            "invoice_date": AS_OF - timedelta(age),
        }
        for _, open_, age, _ in v
    ]
    items = tables.make("items", {**KEY, "base": MONEY, "invoice_date": "date"}, rows)
    aged = only(tables.rows(collection.aged_sums(items, NOW)))
    sales = {f"sales_m{n}": Decimal(0) for n in range(MONTHS)}
    for _, _, age, sold in v:
        issued = AS_OF - timedelta(age)
        sales[f"sales_m{(AS_OF.year - issued.year) * 12 + AS_OF.month - issued.month}"] = money(
            sold
        )
    columns = {name: value for name, value in (aged | sales).items() if name not in KEY}
    kinds = {name: MONEY if name in sales else "decimal(38,4)" for name in columns}
    t = one_row(tables, "t", kinds, **columns)
    owed = ibis.literal(sum(money(open_) for _, open_, _, _ in v)).cast(MONEY)
    found = only(tables.rows(t.select(x=collection.true_dso(t, owed))))["x"]
    assert close(found, wanted("DSO-TRUE")["true_dso"], "0.01")


def test_dso_true_leaves_out_months_without_sales_and_does_not_take_them_for_zero(
    tables: Any,
) -> None:
    months = {f"aged_m{n}": Decimal(0) for n in range(MONTHS)} | {"aged_m1": Decimal(900)}
    sales = {f"sales_m{n}": Decimal(0) for n in range(MONTHS)}
    t = one_row(tables, "t", dict.fromkeys((*months, *sales), MONEY), **months, **sales)
    owes, nothing = (ibis.literal(Decimal(x)).cast(MONEY) for x in (30, 0))
    unknown, settled = (collection.true_dso(t, receivable) for receivable in (owes, nothing))
    row = only(tables.rows(t.select(unknown=unknown, settled=settled)))
    assert row == {"unknown": None, "settled": 0}


def test_cei_1(tables: Any) -> None:
    v = {name: money(value) for name, value in given("CEI-1").items()}
    t = one_row(tables, "t", dict.fromkeys(v, MONEY), **v)
    index = collection.cei(t.beginning_ar, t.credit_sales, t.ending_ar, t.ending_current_ar)
    nothing = collection.cei(
        t.beginning_ar, t.credit_sales, t.ending_ar, t.beginning_ar + t.credit_sales
    )
    row = only(tables.rows(t.select(index=index, nothing=nothing)))
    assert close(row["index"] * 100, wanted("CEI-1")["cei_pct"], "0.01")
    assert row["nothing"] is None


def test_paydex_1(tables: Any) -> None:
    rows = [
        {"party_id": "P", "credit": money(credit), "value": money(value)}
        for credit, value in given("PAYDEX-1")["experiences"]
    ]
    # An experience without a highest credit has no weight; one without a value is left out.
    rows += [{"party_id": "P", "value": money(10)}, {"party_id": "P", "credit": money(10**6)}]
    t = tables.make("t", {"party_id": "string", "credit": MONEY, "value": MONEY}, rows)
    found = t.aggregate(x=payment_index.weighted_index(t.value, t.credit))
    assert only(tables.rows(found))["x"] == money(wanted("PAYDEX-1")["index"])


def test_payidx_own(tables: Any) -> None:
    days = [money(given("PAYIDX-OWN")["weighted_dbt"]), None, Decimal(-40), Decimal(0), Decimal(30),
            Decimal(120), Decimal(180), Decimal(999)]  # fmt: skip
    t = tables.make("t", {"n": "int64", "days": MONEY},
                    [{"n": n, "days": value} for n, value in enumerate(days)])  # fmt: skip
    found = t.select("n", x=payment_index.index_of_days(t.days)).order_by("n")
    first, *others = (row["x"] for row in tables.rows(found))
    assert first == money(wanted("PAYIDX-OWN")["index"])
    assert others == [None, 100, 80, 50, 20, 10, 0]


def test_ptp_1(tables: Any) -> None:
    v, out = given("PTP-1"), wanted("PTP-1")
    rows = [(amount, kept, 20) for amount, kept in v["matured_promises"]]
    rows.append((v["not_matured"], 0, -5))
    made = [
        {"party_id": "P", "seller": "", "currency": "CNY", "amount": money(amount),
         "kept": money(kept), "promised_on": AS_OF - timedelta(ago),
         "last_day": AS_OF - timedelta(ago)}
        for amount, kept, ago in rows
    ]  # fmt: skip
    kinds = {**KEY, "currency": "string", "amount": MONEY, "kept": MONEY, "promised_on": "date",
             "last_day": "date"}  # fmt: skip
    rates = tables.make("rates", {"currency": "string", "rate": RATE},
                        [{"currency": "CNY", "rate": Decimal(1)}])  # fmt: skip
    kept = tables.make("kept", kinds, made)
    sums = promises.promise_sums(kept, rates, NOW, PromisesDoc())
    row = only(tables.rows(sums.select("promised_open", **promises.promise_columns(sums))))
    assert close(row["promise_kept_ratio"], out["kept_count_ratio"])
    assert close(row["promise_kept_amount_ratio"], out["kept_amount_ratio"])
    assert close(row["promise_paid_share"], out["paid_amount_ratio"])
    assert row["promises_broken"] == out["broken_count"]
    assert row["promised_open"] == v["not_matured"]


def high_days(tables: Any, name: str, used: list[float | None], rule: StreakDoc) -> dict[str, Any]:
    """The streak of a party that used its limit so on the days up to the valuation date."""
    *before, today = used
    rows = [
        {"party_id": "P", "selling_company": "", "day": AS_OF - timedelta(len(before) - n),
         "utilisation": None if value is None else money(value)}
        for n, value in enumerate(before)
    ]  # fmt: skip
    usage = {"party_id": "string", "selling_company": "string", "day": "date", "utilisation": RATE}
    moment = dict(ibis.Schema.from_pyarrow(MOMENT_SCHEMA).items())
    facts = Facts({
        "usage": tables.make(f"usage_{name}", usage, rows),
        "moment": tables.make(f"moment_{name}", moment, moment_row("CNY", AS_OF).to_pylist()),
    })  # fmt: skip
    party = {"party_id": "string", "selling_company": "string", "utilisation": RATE}
    t = tables.make(f"party_{name}", party, [
        {"party_id": "P", "selling_company": "", "utilisation": money(today)}])  # fmt: skip
    t = t.left_join(streaks.high_days_before(facts, rule), "party_id").drop("party_id_right")
    return only(tables.rows(t.select(**streaks.streak_columns(t, NOW, rule))))


def test_ewi_util(tables: Any) -> None:
    v = given("EWI-UTIL")
    rule = StreakDoc(above=money(v["threshold"]))
    days: list[float | None] = list(v["utilisation_by_day"])
    found = high_days(tables, "all", days, rule)
    assert (found["high_use_days"] >= v["consecutive_days"]) is wanted("EWI-UTIL")["fires"]
    assert found["high_use_since"] == AS_OF - timedelta(4)
    # On the line is not above it; a day that was not observed neither counts nor breaks.
    assert high_days(tables, "line", [0.95, v["threshold"], 0.95], rule)["high_use_days"] == 1
    assert high_days(tables, "gap", [0.95, None, 0.95], rule)["high_use_days"] == 2
    assert high_days(tables, "low", [0.95, 0.95, 0.5], rule)["high_use_days"] == 0


def test_ewi_orderspike(tables: Any) -> None:
    v, out = given("EWI-ORDERSPIKE"), wanted("EWI-ORDERSPIKE")
    mean, wide = v["avg_prev_12m"], v["sd_prev_12m"]
    blocks = [v["last_month_orders"], *[mean - wide, mean + wide] * (orders.BLOCKS // 2)]
    made = [
        {"party_id": "P", "order_date": AS_OF - timedelta(ago), "base": money(amount),
         "days_ago": ago, "span": 1}
        for ago, amount in (
            (orders.BLOCK_DAYS * (n + 1) - 1, amount) for n, amount in enumerate(blocks)
        )
    ]  # fmt: skip
    made.append({**made[0], "base": money(0), "days_ago": orders.HISTORY_DAYS,
                 "order_date": AS_OF - timedelta(orders.HISTORY_DAYS)})  # fmt: skip
    kinds = {"party_id": "string", "order_date": "date", "base": MONEY, "days_ago": "int32",
             "span": "int32"}  # fmt: skip
    t = tables.make("orders", kinds, made)
    rule = OrdersDoc()
    row = only(tables.rows(orders.order_pattern(
        orders.order_blocks(t, rule.bulk_days), orders.order_dates(t), NOW, rule)))  # fmt: skip
    assert row["orders_usual"] == mean
    assert close(row["order_score"], out["z"])
    assert close(row["order_ratio"], out["ratio"])
    assert (row["order_score"] > money(v["z_trigger"])) is out["fires"]


def test_a_figure_by_nothing_is_unknown(tables: Any) -> None:
    t = one_row(tables, "t", {"a": MONEY, "b": MONEY}, a=Decimal(5), b=Decimal(0))
    assert only(tables.rows(t.select(x=ratio(t.a, t.b), y=per_unit(t.a, t.b)))) == {
        "x": None, "y": None,
    }  # fmt: skip
