"""How a party pays: days to pay, days beyond terms, and whether that gets worse."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import convert, days_between, per_unit, plus_days
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.document import PolicyDoc, WindowsDoc
from connector.credit.settlement.matching import Settled

BIG = "decimal(34, 4)"


def observations(settled: Settled, rates: ir.Table, as_of: Any, policy: PolicyDoc) -> ir.Table:
    """Each payment of an undisputed invoice: amount, days to pay and days beyond terms (PAY-1).

    Those that some window of the policy reaches. Part payments are separate observations; credit
    notes are none.
    """
    i = settled.invoices
    i = i.filter(~i.disputed).select(
        "party_id", "connection", "id", "number", "currency", "seller", "invoice_date", "due_date",
        invoice_amount=i.amount,
    )  # fmt: skip
    p = settled.applied
    p = p.filter(p.settled_on > plus_days(as_of, ibis.literal(-_reach(policy))))
    p = p.filter(p.entity == "payment").inner_join(i, ["party_id", "connection", "id"])
    p = in_base(p, rates)
    return p.mutate(
        base=convert(p.applied, p.rate),
        days_to_pay=days_between(p.settled_on, p.invoice_date).cast("int32"),
        days_beyond=days_between(p.settled_on, p.due_date).cast("int32"),
    )


def _reach(policy: PolicyDoc) -> int:
    """Days that the longest window over payments looks back."""
    windows, behaviour = policy.windows, policy.behaviour
    return max(
        windows.behaviour_days, windows.trend_days, windows.sales_days,
        behaviour.disputes.change_days, behaviour.receipts.window_days,
    )  # fmt: skip


def payment_sums(seen: ir.Table, as_of: Any, windows: WindowsDoc) -> ir.Table:
    """Additive sums per (party, seller) over the trailing windows, weighted by amount."""
    seen = seen.mutate(days_ago=days_between(as_of, seen.settled_on))
    seen = seen.filter(seen.days_ago < windows.behaviour_days, seen.base.notnull())
    base = seen.base.cast("decimal(24, 4)")
    late = ibis.greatest(seen.days_beyond, 0)
    recent = seen.days_ago < windows.trend_days

    def total(value: Any, where: Any = None) -> Any:
        return value.sum(where=where).fill_null(0).cast(BIG)

    return seen.group_by("party_id", seller=seen.seller).agg(
        paid_amount=total(base),
        to_pay_amount=total(base * seen.days_to_pay),
        beyond_amount=total(base * seen.days_beyond),
        late_amount=total(base * late),
        recent_amount=total(base, recent),
        recent_beyond=total(base * seen.days_beyond, recent),
        before_amount=total(base, ~recent),
        before_beyond=total(base * seen.days_beyond, ~recent),
        paid_items=seen.count(),
        paid_items_recent=seen.count(where=recent),
    )


def payment_columns(t: ir.Table) -> dict[str, Any]:
    """Weighted days to pay, days beyond terms signed, floored, and with open overdue (PAY-1).

    `dbt_with_open` adds the open undisputed overdue items at their present age, because an average
    over paid items improves while the worst stay unpaid. The recent side of the trend does the
    same, so that paying an old item is never held against the payer.

    All in days, Σ amount × days ÷ Σ amount, null without payments: days_to_pay counts from the
    invoice date, dbt from the due date (early payments negative), dbt_floored with early payments
    as 0; dbt_recent and dbt_before are dbt of the last `trend_days` and of the rest of the window.
    paid_items counts the payments of the window.
    """
    open_late = t.overdue_undisputed
    return {
        "days_to_pay": per_unit(t.to_pay_amount, t.paid_amount),
        "dbt": per_unit(t.beyond_amount, t.paid_amount),
        "dbt_floored": per_unit(t.late_amount, t.paid_amount),
        "dbt_with_open": per_unit(t.late_amount + t.late_days_amount, t.paid_amount + open_late),
        "dbt_recent": per_unit(t.recent_beyond + t.late_days_amount, t.recent_amount + open_late),
        "dbt_before": per_unit(t.before_beyond, t.before_amount),
        "recent_items": t.paid_items_recent + t.late_items,
    }


def trend(recent: Any, before: Any, items: Any, windows: WindowsDoc) -> Any:
    """Days beyond terms now less before; null with too few recent items (EWI-TREND).

    The metric dbt_trend = dbt_recent − dbt_before (EW02).
    """
    enough = items >= windows.trend_min_items
    return ibis.ifelse(enough, recent - before, ibis.null("decimal(18, 4)")).cast("decimal(18, 4)")


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    return {"paid": payment_sums(bench.seen, bench.as_of, bench.policy.windows)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    found = payment_columns(t)
    recent, before, items = found["dbt_recent"], found["dbt_before"], found["recent_items"]
    return {**found, "dbt_trend": trend(recent, before, items, bench.policy.windows)}


AREA = Area("behaviour", sums=_sums, columns=_columns)
