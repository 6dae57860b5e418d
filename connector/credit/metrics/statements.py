"""Financial statements of customers: one latest and one previous a party, and their ratios.

Amounts are brought to single units of the company currency by the rate of the valuation date, as
every amount of the book; flows of a period that is not twelve months are scaled to a year. A
statement whose unit looks wrong, or that is stale, is shown and used for nothing.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import MONEY, convert, date_text, days_between, money
from connector.credit.facts import Facts
from connector.credit.metrics import failure_models
from connector.credit.metrics.failure_models import share, stated
from connector.credit.metrics.papers import paper_rows
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.statements import StatementsDoc

STOCKS = (
    "total_assets", "current_assets", "cash", "receivables", "inventory", "fixed_assets",
    "intangibles", "securities", "total_liabilities", "current_liabilities", "short_term_debt",
    "payables", "long_term_debt", "equity", "retained_earnings", "market_equity",
)  # fmt: skip
"""Amounts at the end of the period."""

FLOWS = (
    "sales", "cost_of_sales", "selling_and_admin", "depreciation", "ebit", "interest",
    "net_income", "operating_cash_flow", "capital_expenditure", "funds_from_operations",
)  # fmt: skip
"""Amounts of the period."""

_LARGEST = 4.5e13
"""Half of what DECIMAL(18,4) holds; a larger amount is unknown rather than a failed run."""

_YEAR_DAYS = 365
_YEAR_BEFORE = (300, 430)
"""Days between the ends of a statement and of the one before it."""


def statement_rows(facts: Facts, rates: ir.Table) -> ir.Table:
    """Statements known at the valuation date, one a (party, end of period), in company currency.

    Of several for one period: the longer one, audited before not, single before consolidated
    (the party is the legal entity), the one received last. Months outside 1–24 leave the flows
    unknown.
    """
    s = facts["statement"]
    now = facts.as_of
    s = s.filter(s.fiscal_year_end <= now, s.received_on.isnull() | (s.received_on <= now))
    order = [
        ibis.coalesce(s.months, 12).desc(), ibis.coalesce(s.audited, False).desc(),
        ibis.coalesce(s.consolidated, False), s.received_on.desc(), s.connection, s.id,
    ]  # fmt: skip
    window = ibis.window(group_by=[s.party_id, s.fiscal_year_end], order_by=order)
    s = s.mutate(place=ibis.row_number().over(window)).filter(lambda x: x.place == 0)
    s = in_base(s, rates)
    scale = ibis.coalesce(s.unit, 1).cast("float64") * s.rate.cast("float64")
    months = ibis.coalesce(s.months, 12)
    months = ibis.ifelse((months >= 1) & (months <= 24), months, ibis.null("int64"))
    yearly = scale * 12.0 / months.cast("float64")
    amounts = {name: _scaled(s[name], scale) for name in STOCKS}
    amounts |= {name: _scaled(s[name], yearly) for name in FLOWS}
    t = s.select("party_id", "connection", "id", "fiscal_year_end", "currency", **amounts)
    return t.mutate(
        equity=ibis.coalesce(t.equity, money(t.total_assets - t.total_liabilities)),
        total_liabilities=ibis.coalesce(t.total_liabilities, money(t.total_assets - t.equity)),
    )


def _scaled(amount: Any, factor: Any) -> Any:
    value = amount.cast("float64") * factor
    return ibis.ifelse(value.abs() < _LARGEST, value, ibis.null("float64")).round(4).cast(MONEY)


def with_year_before(rows: ir.Table) -> ir.Table:
    """The latest statement of each party, with the amounts of the year before as `prev_…`.

    The statement before ended 300 to 430 days earlier; without one these columns are null.
    """
    newest = ibis.window(group_by=rows.party_id, order_by=rows.fiscal_year_end.desc())
    t = rows.mutate(place=ibis.row_number().over(newest)).filter(lambda x: x.place == 0)
    t = t.drop("place")
    before = rows.select(
        "party_id", prev_end=rows.fiscal_year_end,
        **{f"prev_{name}": rows[name] for name in (*STOCKS, *FLOWS)},
    )  # fmt: skip
    ends = t.select("party_id", "fiscal_year_end")
    before = before.inner_join(ends, "party_id")
    apart = days_between(before.fiscal_year_end, before.prev_end)
    before = before.filter(apart >= _YEAR_BEFORE[0], apart <= _YEAR_BEFORE[1])
    nearest = ibis.window(group_by=before.party_id, order_by=before.prev_end.desc())
    before = before.mutate(place=ibis.row_number().over(nearest)).filter(lambda x: x.place == 0)
    joined = t.left_join(before.drop("place", "fiscal_year_end"), "party_id")
    return joined.drop("party_id_right")


def purchases(facts: Facts, rates: ir.Table, of: ir.Table) -> ir.Table:
    """What we billed to the parties in `of` within a year, in company currency."""
    i = facts["invoice"].semi_join(of, "party_id")
    ago = days_between(facts.as_of, i.invoice_date)
    i = in_base(i.filter(ago >= 0, ago < _YEAR_DAYS), rates)
    i = i.mutate(base=convert(i.amount, i.rate))
    return i.group_by("party_id").agg(bought=money(i.base.sum()))


def suspect(t: ir.Table, rule: StatementsDoc) -> Any:
    """Whether the unit (元, 千元, 万元) of the statement looks mistaken.

    Total assets or sales are `unit_jump` times those of the year before, or that part of them; or
    the customer would have bought `own_sales_factor` times all its costs from us alone.
    """
    jump = float(rule.unit_jump)
    found = _jumped(t.total_assets, t.prev_total_assets, jump)
    found = found | _jumped(t.sales, t.prev_sales, jump)
    costs = ibis.coalesce(t.cost_of_sales, t.sales)
    too_small = (costs > 0) & (share(t.bought, costs) > float(rule.own_sales_factor))
    return ibis.coalesce(found, False) | ibis.coalesce(too_small, False)


def _jumped(latest: Any, before: Any, jump: float) -> Any:
    times = share(latest, before)
    both = (latest > 0) & (before > 0)
    return ibis.coalesce(both & ((times >= jump) | (times <= 1.0 / jump)), False)


def ratios(t: ir.Table) -> dict[str, Any]:
    """The ratios of structure, cash flow and profit (RATIO-1); money in company currency.

    Debt ÷ equity and return on equity are unknown with negative equity, debt ÷ EBITDA with an
    EBITDA that is not positive (a negative figure would sort as good), covers without interest.
    Debt is what bears interest: short-term + long-term. Days are of the customer itself:
    receivables ÷ sales, payables and inventory ÷ cost of sales, × 365. A part that is not stated
    leaves unknown what needs it.

    ÷ total assets: debt_ratio (total liabilities), return_on_assets (net income), asset_turnover
    (sales). ÷ current liabilities: current_ratio (current assets), quick_ratio (the same less
    inventory), cash_ratio (cash), cash_flow_to_current_liabilities (operating cash flow). ÷ equity:
    debt_to_equity (total liabilities), return_on_equity (net income). ÷ sales: gross_margin (sales
    − cost of sales), net_margin (net income). debt_to_ebitda and cash_flow_to_debt: debt ÷ EBITDA
    and operating cash flow ÷ debt. ebit_cover, ebitda_cover: ÷ interest.
    """
    debt = t.short_term_debt + t.long_term_debt
    ebitda = t.ebit + t.depreciation
    unknown = ibis.null("float64")
    sound = ibis.ifelse(t.equity > 0, t.equity.cast("float64"), unknown)
    earned = ibis.ifelse(ebitda > 0, ebitda.cast("float64"), unknown)
    interest = ibis.ifelse(t.interest > 0, t.interest.cast("float64"), unknown)
    found = {
        "current_ratio": share(t.current_assets, t.current_liabilities),
        "quick_ratio": share(t.current_assets - t.inventory, t.current_liabilities),
        "cash_ratio": share(t.cash, t.current_liabilities),
        "debt_ratio": share(t.total_liabilities, t.total_assets),
        "debt_to_equity": share(t.total_liabilities, sound),
        "debt_to_ebitda": share(debt, earned),
        "ebit_cover": share(t.ebit, interest),
        "ebitda_cover": share(ebitda, interest),
        "cash_flow_to_current_liabilities": share(t.operating_cash_flow, t.current_liabilities),
        "cash_flow_to_debt": share(t.operating_cash_flow, debt),
        "gross_margin": share(t.sales - t.cost_of_sales, t.sales),
        "net_margin": share(t.net_income, t.sales),
        "return_on_assets": share(t.net_income, t.total_assets),
        "return_on_equity": share(t.net_income, sound),
        "asset_turnover": share(t.sales, t.total_assets),
    }
    return {name: stated(value) for name, value in found.items()} | _amounts_and_days(t)


def _amounts_and_days(t: ir.Table) -> dict[str, Any]:
    """Days and amounts of the statement, a year's flows (RATIO-1).

    their_dso, their_dpo, their_dio: see `ratios`; cash_conversion_cycle = their_dso + their_dio −
    their_dpo. free_cash_flow = operating_cash_flow − capital expenditure; tangible_net_worth =
    statement_equity − intangibles; working_capital = current assets − current liabilities;
    statement_sales, statement_equity and net_income as stated, in company currency.
    """
    collecting = _days_of(t.receivables, t.sales)
    paying = _days_of(t.payables, t.cost_of_sales)
    storing = _days_of(t.inventory, t.cost_of_sales)
    return {
        "their_dso": collecting,
        "their_dpo": paying,
        "their_dio": storing,
        "cash_conversion_cycle": money(collecting + storing - paying),
        "free_cash_flow": money(t.operating_cash_flow - t.capital_expenditure),
        "tangible_net_worth": money(t.equity - t.intangibles),
        "working_capital": money(t.current_assets - t.current_liabilities),
        "statement_equity": t.equity,
        "statement_sales": t.sales,
        "net_income": t.net_income,
        "operating_cash_flow": t.operating_cash_flow,
    }


def _days_of(stock: Any, flow: Any) -> Any:
    days = share(stock, flow) * float(_YEAR_DAYS)
    return ibis.ifelse(days.abs() < 1e9, days, ibis.null("float64")).round(4).cast(MONEY)


def models(t: ir.Table, rule: StatementsDoc, dollar: Any) -> dict[str, Any]:
    """The failure models that the policy names; the others are unknown. `dollar`: its rate.

    failure_zone: the zone of the policy's Altman variant, 1 distress, 2 grey, 3 safe.
    """
    found: dict[str, Any] = {name: ibis.null("decimal(18, 10)") for name in MODEL_METRICS}
    found["failure_zone"] = ibis.null("int64")
    if "altman" in rule.models:
        found |= failure_models.altman(t)
        scored = found[failure_models.ZONES[rule.zone_model][0]]
        found["failure_zone"] = failure_models.zone(scored, rule.zone_model)
    if "zmijewski" in rule.models:
        found |= failure_models.zmijewski(t)
    if "ohlson" in rule.models and rule.ohlson_index is not None:
        in_dollars = share(t.total_assets, dollar)
        found |= failure_models.ohlson(t, in_dollars, rule.ohlson_index)
    if "beneish" in rule.models:
        found |= failure_models.beneish(t)
    return found


MODEL_METRICS = (
    "altman_z", "altman_z_private", "altman_z_emerging", "altman_em", "zmijewski_x", "zmijewski_p",
    "ohlson_o", "ohlson_p", "beneish_m",
)  # fmt: skip
"""Metrics of the models, all without unit but the two probabilities."""


def weak_signs(t: ir.Table, rule: StatementsDoc) -> Any:
    """The metric weak_signs: how many of the policy's signs the statement shows (EW14), 0–5.

    Negative equity, a net loss, a negative operating cash flow, a statement that was filed late
    (an event of that kind), the distress zone of the policy's Altman variant.
    """
    signs = {
        "negative_equity": t.statement_equity < 0,
        "net_loss": t.net_income < 0,
        "negative_cash_flow": t.operating_cash_flow < 0,
        "late_filing": t.filed_late,
        "distress_zone": t.failure_zone == failure_models.DISTRESS,
    }
    shown = [ibis.coalesce(signs[name], False).cast("int64") for name in rule.signs]
    return sum(shown, start=ibis.literal(0, type="int64"))


def late_filers(facts: Facts) -> ir.Table:
    """Parties with an event `late_filing` that is not over."""
    e = facts["event"]
    now = facts.as_of
    begun = e.since.isnull() | (e.since <= now)
    over = ibis.coalesce(e.ended_on <= now, False)
    e = e.filter(e.kind == "late_filing", begun, ~over)
    return e.select("party_id", filed_late=ibis.literal(True)).distinct()


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    """The latest statement's dates, and its figures when it may be used (EW14, EW19).

    statement_end = its last day; statement_age_days = valuation date − that; statement_stale 1 when
    older than the policy's months; statement_suspect 1 when its unit looks mistaken.
    """
    rule, facts = bench.policy.statements, bench.facts
    rows = bench.stage.keep("statement_rows", statement_rows(facts, bench.rates))
    bought = purchases(facts, bench.rates, rows)
    t = with_year_before(rows).left_join(bought, "party_id").drop("party_id_right")
    t = t.mutate(statement_suspect=suspect(t, rule).cast("int64"))
    t = bench.stage.keep("statement", t)
    too_old = (t.fiscal_year_end + ibis.interval(months=rule.stale_months)).cast("date")
    dates = t.select(
        "party_id", "statement_suspect", statement_end=t.fiscal_year_end,
        statement_age_days=days_between(bench.as_of, t.fiscal_year_end),
        statement_stale=(too_old < bench.as_of).cast("int64"),
    )  # fmt: skip
    used = t.filter(t.statement_suspect == 0, too_old >= bench.as_of)
    dollar = bench.rates.filter(bench.rates.currency == "USD").rate.max().as_scalar()
    used = used.left_join(late_filers(facts), "party_id").drop("party_id_right")
    found = used.select("party_id", "filed_late", **ratios(used), **models(used, rule, dollar))
    found = found.mutate(weak_signs=weak_signs(found, rule)).drop("filed_late")
    return {"statement_dates": dates, "statement_ratios": found}


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    """Statements received so far, the latest first, with their total assets as stated."""
    s = bench.facts["statement"]
    now = bench.as_of
    s = s.filter(s.fiscal_year_end <= now, s.received_on.isnull() | (s.received_on <= now))
    end = s.fiscal_year_end
    shown = paper_rows(s, "statement", end, number=date_text(end), amount=s.total_assets)
    return {"statement": shown}


AREA = Area("statements", of_party=_of_party, documents=_documents)
