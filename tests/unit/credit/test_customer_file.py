"""Statements, bureau reports, events, references and groups, from facts to figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import ibis
import pytest

from connector.credit.facts import MOMENT_SCHEMA, Facts, linked_columns, moment_row
from connector.credit.metrics import bureau, events, group, references, statements
from connector.credit.policy.rating import BureauDoc, EventsDoc, ReferencesDoc
from connector.credit.policy.statements import StatementsDoc
from tests.unit.credit.book import AS_OF, only

RATE = "decimal(18,10)"
PLACES = count()


def known(tables: Any, **entities: list[dict[str, Any]]) -> tuple[Facts, Any]:
    """Facts with these rows of party P, and the rates."""
    held, place = {}, next(PLACES)
    for name, rows in entities.items():
        full = [
            {"party_id": "P", "connection": "erp", "id": f"{name}-{n}", "currency": "CNY", **row}
            for n, row in enumerate(rows)
        ]
        columns = linked_columns(name)
        kept = [{k: _exact(v, columns[k]) for k, v in row.items() if k in columns} for row in full]
        held[name] = tables.make(f"{name}_{place}", columns, kept)
    moment = dict(ibis.Schema.from_pyarrow(MOMENT_SCHEMA).items())
    held["moment"] = tables.make(f"moment_{place}", moment, moment_row("CNY", AS_OF).to_pylist())
    rates = [{"currency": "CNY", "rate": Decimal(1)}, {"currency": "USD", "rate": Decimal("7.15")}]
    return Facts(held), tables.make(f"rates_{place}", {"currency": "string", "rate": RATE}, rates)


def _exact(value: Any, kind: str) -> Any:
    number = isinstance(value, int | float | str) and not isinstance(value, bool)
    return Decimal(str(value)) if number and "decimal" in kind else value


def latest(tables: Any, *rows: dict[str, Any]) -> dict[str, Any]:
    facts, rates = known(tables, statement=list(rows), invoice=[])
    found = statements.with_year_before(statements.statement_rows(facts, rates))
    return dict(only(tables.rows(found)))


END, BEFORE = date(2024, 12, 31), date(2023, 12, 31)


def test_a_statement_in_wan_yuan_comes_to_single_yuan(tables: Any) -> None:
    row = latest(tables, {"fiscal_year_end": END, "unit": 10000, "total_assets": 1200, "sales": 3})
    assert (row["total_assets"], row["sales"]) == (12_000_000, 30_000)


def test_half_a_year_is_scaled_to_a_year_in_flows_only(tables: Any) -> None:
    row = latest(tables, {"fiscal_year_end": END, "months": 6, "total_assets": 10, "sales": 3})
    assert (row["total_assets"], row["sales"]) == (10, 6)


def test_months_that_cannot_be_leave_the_flows_unknown(tables: Any) -> None:
    row = latest(tables, {"fiscal_year_end": END, "months": 0, "total_assets": 10, "sales": 3})
    assert (row["total_assets"], row["sales"]) == (10, None)


def test_another_currency_takes_the_rate_of_the_valuation_date(tables: Any) -> None:
    row = latest(tables, {"fiscal_year_end": END, "currency": "USD", "total_assets": 100})
    assert row["total_assets"] == 715
    row = latest(tables, {"fiscal_year_end": END, "currency": "XXX", "total_assets": 100})
    assert row["total_assets"] is None


def test_an_amount_that_does_not_fit_is_unknown_and_fails_nothing(tables: Any) -> None:
    huge = {"fiscal_year_end": END, "unit": 10000, "total_assets": 90_000_000_000_000, "sales": 1}
    row = latest(tables, huge)
    assert (row["total_assets"], row["sales"]) == (None, 10_000)


def test_what_is_not_known_yet_does_not_count(tables: Any) -> None:
    row = latest(
        tables,
        {"fiscal_year_end": date(2025, 12, 31), "total_assets": 9},
        {"fiscal_year_end": END, "received_on": date(2025, 7, 1), "total_assets": 8},
        {"fiscal_year_end": BEFORE, "total_assets": 7},
    )
    assert row["total_assets"] == 7


def test_of_two_for_one_year_the_audited_single_one_counts(tables: Any) -> None:
    row = latest(
        tables,
        {"fiscal_year_end": END, "total_assets": 1, "audited": False},
        {"fiscal_year_end": END, "total_assets": 2, "audited": True, "consolidated": True},
        {"fiscal_year_end": END, "total_assets": 3, "audited": True},
    )
    assert row["total_assets"] == 3


def test_the_year_before_is_a_year_before(tables: Any) -> None:
    row = latest(
        tables,
        {"fiscal_year_end": END, "net_income": 5},
        {"fiscal_year_end": date(2024, 6, 30), "months": 6, "net_income": 9},
        {"fiscal_year_end": BEFORE, "net_income": 4},
        {"fiscal_year_end": date(2022, 12, 31), "net_income": 3},
    )
    assert (row["net_income"], row["prev_net_income"]) == (5, 4)
    assert latest(tables, {"fiscal_year_end": END, "net_income": 5})["prev_net_income"] is None


def test_equity_and_liabilities_complete_each_other(tables: Any) -> None:
    row = latest(tables, {"fiscal_year_end": END, "total_assets": 10, "total_liabilities": 12})
    assert row["equity"] == -2
    row = latest(tables, {"fiscal_year_end": END, "total_assets": 10, "equity": 4})
    assert row["total_liabilities"] == 6


@pytest.mark.parametrize(
    ("now", "before", "bought", "is_suspect"),
    [
        ({"total_assets": 12_000_000}, {"total_assets": 12_000}, 0, True),  # 1,000 times
        ({"total_assets": 12_000}, {"total_assets": 120_000_000}, 0, True),  # a ten-thousandth
        ({"total_assets": 12_000, "sales": 9_000}, {"total_assets": 9_000, "sales": 9}, 0, True),
        ({"total_assets": 24_000}, {"total_assets": 12_000}, 0, False),
        ({"total_assets": 12_000, "cost_of_sales": 10}, {}, 500, True),  # buys 50 times its costs
        ({"total_assets": 12_000, "cost_of_sales": 10}, {}, 90, False),
        ({"total_assets": 12_000}, {}, 500, False),  # nothing to compare with
    ],
)
def test_mistaken_units_are_found(
    tables: Any, now: dict[str, int], before: dict[str, int], bought: int, is_suspect: bool
) -> None:
    rows = [{"fiscal_year_end": END, **now}]
    rows += [{"fiscal_year_end": BEFORE, **before}] if before else []
    billed = [
        {"amount": bought, "invoice_date": date(2025, 1, 5)},
        {"amount": 10_000, "invoice_date": date(2023, 1, 5)},  # long ago
    ]
    facts, rates = known(tables, statement=rows, invoice=billed)
    t = statements.with_year_before(statements.statement_rows(facts, rates))
    t = t.left_join(statements.purchases(facts, rates, t), "party_id")
    found = t.select(suspect=statements.suspect(t, StatementsDoc()))
    assert only(tables.rows(found))["suspect"] is is_suspect


def test_signs_of_weakness_are_those_of_the_policy(tables: Any) -> None:
    kinds = {"statement_equity": "decimal(18,4)", "net_income": "decimal(18,4)",
             "operating_cash_flow": "decimal(18,4)", "filed_late": "boolean",
             "failure_zone": "int64"}  # fmt: skip
    row = {"statement_equity": Decimal(5), "net_income": Decimal(-1),
           "operating_cash_flow": None, "filed_late": True, "failure_zone": 1}  # fmt: skip
    t = tables.make("t", kinds, [row])
    for signs, expected in ((StatementsDoc().signs, 2), (("distress_zone",), 1), ((), 0)):
        shown = statements.weak_signs(t, StatementsDoc(signs=signs))
        assert only(tables.rows(t.select(n=shown)))["n"] == expected


def reports(tables: Any, rule: BureauDoc, *rows: dict[str, Any]) -> tuple[Any, Any]:
    full = [
        {"bureau": "B", "scale_low": 0, "scale_high": 100, "higher_is_better": True, **row}
        for row in rows
    ]
    facts, rates = known(tables, bureau_report=full)
    return bureau.report_rows(facts, rule), rates


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"score": 80}, 80),
        ({"score": 1438, "scale_low": 1001, "scale_high": 1875}, 50),
        ({"score": 2, "scale_low": 1, "scale_high": 5, "higher_is_better": False}, 75),
        ({"score": 0, "scale_low": 1, "scale_high": 100}, None),  # a status code
        ({"score": -29}, None),
        ({"score": 50, "scale_low": None}, None),
        ({"score": 50, "higher_is_better": None}, None),
        ({"score": None, "rating": "BB"}, 45),
        ({"score": None, "rating": "AA"}, None),
    ],
)
def test_bureau_scores_on_one_scale(tables: Any, row: dict[str, Any], expected: int | None) -> None:
    rule = BureauDoc(classes={"B": {"BB": Decimal(45)}, "C": {"AA": Decimal(90)}})
    rows, _ = reports(tables, rule, {"as_of": date(2025, 6, 1), **row})
    assert only(tables.rows(rows))["value"] == expected


def test_the_preferred_then_the_newest_usable_report_counts(tables: Any) -> None:
    rows = (
        {"as_of": date(2025, 6, 1), "score": 50},
        {"as_of": date(2025, 5, 1), "score": 70, "bureau": "C"},
        {"as_of": date(2025, 6, 20), "score": 90, "bureau": "D", "valid_to": date(2025, 6, 29)},
        {"as_of": date(2025, 7, 20), "score": 10, "bureau": "E"},
    )
    for preferred, expected in (((), 50), (("C",), 70), (("D", "C"), 70)):
        rule = BureauDoc(preferred=preferred)
        table, _ = reports(tables, rule, *rows)
        assert only(tables.rows(bureau.newest_scores(table, rule)))["bureau_score"] == expected


def test_a_fall_is_told_by_the_same_bureau_and_whichever_way_its_scale_runs(tables: Any) -> None:
    worse = {"scale_low": 1, "scale_high": 5, "higher_is_better": False, "bureau": "C"}
    table, _ = reports(
        tables, BureauDoc(),
        {"as_of": date(2025, 6, 1), "score": 40}, {"as_of": date(2024, 6, 1), "score": 35},
        {"as_of": date(2025, 5, 1), "score": 4, **worse},
        {"as_of": date(2024, 5, 1), "score": 2, **worse},
    )  # fmt: skip
    row = only(tables.rows(bureau.score_changes(table, BureauDoc())))
    assert (row["bureau_change"], row["bureau_fell_below"]) == (-50, 1)


def test_the_least_recommended_limit_counts_in_company_currency(tables: Any) -> None:
    table, rates = reports(
        tables, BureauDoc(),
        {"as_of": date(2025, 6, 1), "recommended_limit": 100, "currency": "USD"},
        {"as_of": date(2025, 6, 1), "recommended_limit": 800, "bureau": "C"},
        {"as_of": date(2023, 6, 1), "recommended_limit": 1, "bureau": "D"},
    )  # fmt: skip
    assert only(tables.rows(bureau.recommended_limits(table, rates)))["bureau_limit"] == 715


def test_events_count_while_they_last_and_severe_ones_are_not_forgotten(tables: Any) -> None:
    facts, _ = known(tables, event=[
        {"kind": "judgment", "severity": 2, "since": date(2025, 3, 1)},
        {"kind": "press", "severity": 3, "since": date(2023, 3, 1)},
        {"kind": "insolvency_open", "since": date(2022, 3, 1), "ended_on": AS_OF},
        {"kind": "dissolved", "since": date(2025, 7, 1)},
    ])  # fmt: skip
    rule = EventsDoc()
    found = events.event_figures(events.events_in_force(facts), rule, facts.as_of)
    row = only(tables.rows(found))
    assert (row["events"], row["event_severity"]) == (1, 2)
    assert row["event_since"] == date(2025, 3, 1)
    facts, _ = known(tables, event=[{"kind": "insolvency_open", "since": date(2020, 1, 1)}])
    found = events.event_figures(events.events_in_force(facts), rule, facts.as_of)
    assert only(tables.rows(found))["event_severity"] == 3


def test_one_reference_says_nothing_and_two_their_mean(tables: Any) -> None:
    given = {"given_on": date(2025, 3, 1)}
    rows = [{"referee": "a", "limit_amount": 100, **given}]
    facts, rates = known(tables, trade_reference=rows)
    rule = ReferencesDoc(weight=Decimal(1))
    assert tables.rows(references.reference_limits(facts, rates, rule)) == []
    rows += [
        {"referee": "b", "limit_amount": 10, "currency": "USD", **given},
        {"referee": "c", "limit_amount": 9999, "given_on": date(2020, 1, 1)},
        {"referee": "d", "limit_amount": None, **given},
    ]
    facts, rates = known(tables, trade_reference=rows)
    found = only(tables.rows(references.reference_limits(facts, rates, rule)))
    assert found["reference_limit"] == Decimal("85.75")


def test_a_group_adds_up_and_trouble_is_that_of_the_others(tables: Any) -> None:
    kinds = {"party_id": "string", "group_id": "string", "net_exposure": "decimal(18,4)",
             "oldest_overdue_days": "int64", "event_severity": "int64"}  # fmt: skip
    t = tables.make("t", kinds, [
        {"party_id": "a", "group_id": "g", "net_exposure": Decimal(100), "oldest_overdue_days": 91},
        {"party_id": "b", "group_id": "g", "net_exposure": Decimal(50), "oldest_overdue_days": 90},
        {"party_id": "c", "group_id": "g", "net_exposure": Decimal(-30), "event_severity": 3},
    ])  # fmt: skip
    t = t.mutate(trouble=group.in_trouble(t, 90))
    marks = {row["party_id"]: row["trouble"] for row in tables.rows(t)}
    assert marks == {"a": True, "b": False, "c": True}
    assert only(tables.rows(group.group_figures(t))) == {
        "group_id": "g", "group_exposure": 150, "group_members": 3, "troubled": 2,
    }  # fmt: skip
