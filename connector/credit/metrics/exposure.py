"""Exposure with its parts, in company currency.

Gross = open receivables + confirmed orders not invoiced + delivered not billed + billed not posted.
Net = gross − unmatched cash − open credit notes − prepayments tied to the included orders (vector
EXP-1). The parts are kept apart; the policy says which of them count.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import convert, join_left, money, plus_days, zero
from connector.credit.facts import Facts
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.document import ExposureDoc
from connector.credit.settlement.matching import Settled


def counted_orders(facts: Facts, rates: ir.Table, horizon_days: int | None) -> ir.Table:
    """Confirmed orders not invoiced yet: `base` what counts, `prepaid` what is paid for them.

    With a horizon, orders that ship after as_of + horizon days do not count: they can still be
    stopped (vector EXP-HORIZON). An order closed for invoicing counts no more; re-opened, it has
    lost its day of closing and counts again. What a delivery of the order already carries as
    unbilled is taken off, so that goods move along and count once.
    """
    o = facts["order"]
    o = o.filter(o.order_date <= facts.as_of, o.state.isin(["open", "fulfilled"]), o.uninvoiced > 0)
    o = o.filter(o.closed_on.isnull() | (o.closed_on > facts.as_of))
    if horizon_days is not None:
        last = plus_days(facts.as_of, ibis.literal(horizon_days))
        o = o.filter((o.ship_date <= last) | o.ship_date.isnull())
    d = facts["delivery"]
    d = d.filter(d.delivery_date <= facts.as_of, d.order_number.notnull())
    d = d.group_by("party_id", "currency", number=d.order_number).agg(
        delivered=money(d.unbilled_amount.sum())
    )
    o = join_left(o, d, ["party_id", "currency", "number"])
    o = in_base(o, rates)
    rest = ibis.greatest(money(o.uninvoiced - ibis.coalesce(o.delivered, zero())), zero())
    prepaid = ibis.least(ibis.coalesce(o.prepaid_amount, zero()), o.uninvoiced)
    return o.mutate(base=convert(rest, o.rate), prepaid=convert(prepaid, o.rate))


def order_sums(facts: Facts, rates: ir.Table, horizon_days: int | None) -> ir.Table:
    """Confirmed orders and prepayments tied to them, per (party, seller).

    open_orders = Σ of what is not invoiced or delivered yet; order_prepayments = what is paid for
    these orders, at most what is not invoiced. Company currency (EXP-1, EXP-HORIZON).
    """
    o = counted_orders(facts, rates, horizon_days)
    return o.group_by("party_id", seller=ibis.coalesce(o.selling_company, "")).agg(
        open_orders=money(ibis.coalesce(o.base.sum(), zero())),
        order_prepayments=money(ibis.coalesce(o.prepaid.sum(), zero())),
        items_without_rate=o.count(where=o.rate.isnull()),
    )


def delivery_sums(facts: Facts, rates: ir.Table) -> ir.Table:
    """Delivered, not billed.

    unbilled_deliveries = Σ unbilled amount delivered by the valuation date, company currency
    (EXP-1).
    """
    d = facts["delivery"]
    d = in_base(d.filter(d.delivery_date <= facts.as_of), rates)
    d = d.mutate(base=convert(d.unbilled_amount, d.rate))
    return _summed(d, "unbilled_deliveries", ibis.coalesce(d.selling_company, ""))


def unposted_sums(facts: Facts, rates: ir.Table) -> ir.Table:
    """Billed, not posted: the document's open amount, else its amount.

    unposted_billing = Σ of invoices that exist and are not posted, company currency (EXP-1).
    """
    i = facts["invoice"]
    i = i.filter(i.invoice_date <= facts.as_of, ~ibis.coalesce(i.posted, True))
    i = i.filter(i.cleared_date.isnull() | (i.cleared_date > facts.as_of))
    i = in_base(i, rates)
    i = i.mutate(base=convert(ibis.coalesce(i.open_amount, i.amount), i.rate))
    return _summed(i, "unposted_billing", ibis.coalesce(i.selling_company, ""))


def cash_sums(settled: Settled, rates: ir.Table) -> ir.Table:
    """Cash that found no invoice; a returned payment that undoes nothing counts against it.

    unapplied_cash = Σ receipts − what was applied of them, company currency (EXP-1).
    """
    c = in_base(settled.cash, rates)
    c = c.mutate(base=convert(c.left, c.rate))
    return _summed(c, "unapplied_cash", c.seller)


def credit_sums(settled: Settled, rates: ir.Table) -> ir.Table:
    """Credit notes not used yet.

    open_credit_notes = Σ credit notes − what was applied of them, company currency (EXP-1).
    """
    c = settled.credits
    c = in_base(c.filter(c.left > 0), rates)
    c = c.mutate(base=convert(c.left, c.rate))
    return _summed(c, "open_credit_notes", c.seller)


def _summed(t: ir.Table, name: str, seller: Any) -> ir.Table:
    return t.group_by("party_id", seller=seller).agg(
        items_without_rate=t.count(where=t.rate.isnull()),
        **{name: money(ibis.coalesce(t.base.sum(), zero()))},
    )


def gross_and_net(t: ir.Table, rule: ExposureDoc) -> dict[str, Any]:
    """`gross_exposure` and `net_exposure` from the parts that the policy counts (EXP-1)."""
    gross = sum((t[name] for name in rule.parts), start=zero())
    less = sum((t[name] for name in rule.reductions), start=zero())
    return {"gross_exposure": money(gross), "net_exposure": money(gross - less)}


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    facts, rates = bench.facts, bench.rates
    return {
        "orders": order_sums(facts, rates, bench.policy.exposure.horizon_days),
        "deliveries": delivery_sums(facts, rates),
        "unposted": unposted_sums(facts, rates),
        "cash": cash_sums(bench.settled, rates),
        "credits": credit_sums(bench.settled, rates),
    }


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return gross_and_net(t, bench.policy.exposure)


AREA = Area("exposure", sums=_sums, columns=_columns)
