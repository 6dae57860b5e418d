"""How money arrives: in parts, sent back, or as bills instead of transfers."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    convert,
    days_between,
    exact,
    join_left,
    money,
    ratio,
    union_all,
    when,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.behaviour import ReceiptsDoc
from connector.credit.settlement.documents import DOCUMENT_KEY

YEAR_DAYS = 365
NOTHING, BILLS, RETURNED = 0, 1, 2
"""What changed in the way of paying: `payment_change`."""

_GONE = ("returned", "dishonoured")


def receipt_sums(facts: Facts, rates: ir.Table, rule: ReceiptsDoc) -> ir.Table:
    """Receipts, returned payments and bills per (party, seller), in company currency.

    Each in the window (`…_recent`, `returned_payments`) and in the rest of the year before it.
    Bills that came back are no receipts. A bill that the source also books as a payment counts on
    both sides.

    receipts_recent and returned_payments are counts, returned_amount is in company currency.
    """
    as_of = facts.as_of
    p, b = facts["payment"], facts["bill"]
    paid = p.select(
        "party_id",
        "currency",
        "amount",
        "selling_company",
        on=p.value_date,
        bill=ibis.literal(False),
    )
    b = b.filter(b.received_on.notnull(), ~b.state.isin(list(_GONE)))
    bills = b.select(
        "party_id", "currency", "amount", "selling_company", on=b.received_on,
        bill=ibis.literal(True),
    )  # fmt: skip
    t = union_all([paid, bills])
    t = t.mutate(days_ago=days_between(as_of, t.on))
    t = in_base(t.filter(t.days_ago >= 0, t.days_ago < YEAR_DAYS), rates)
    t = t.mutate(base=convert(t.amount, t.rate), fresh=t.days_ago < rule.window_days)
    received = t.amount > 0

    def total(where: Any) -> Any:
        return money(ibis.coalesce(t.base.sum(where=where), zero()))

    return t.group_by("party_id", seller=ibis.coalesce(t.selling_company, "")).agg(
        receipts_recent=t.count(where=received & t.fresh),
        receipts_before=t.count(where=received & ~t.fresh),
        receipts_amount=total(received & t.fresh),
        bills_recent=t.count(where=t.bill & t.fresh),
        bills_before=t.count(where=t.bill & ~t.fresh),
        bills_amount=total(t.bill & t.fresh),
        returned_payments=t.count(where=(t.amount < 0) & t.fresh),
        returned_before=t.count(where=(t.amount < 0) & ~t.fresh),
        returned_amount=money(-total((t.amount < 0) & t.fresh)),
    )


def short_payments(bench: Workbench, rule: ReceiptsDoc) -> ir.Table:
    """Payments of the window that paid only a part of the invoice they name.

    Only stated matches count: where a receipt was matched by us, the split is ours. What a credit
    note took off is no part left unpaid, nor are bank charges up to `short_by`. Invoices that fall
    due in instalments or keep a retention are meant to be paid in parts and do not count.
    """
    s = bench.seen
    s = s.filter(s.method.isin(["1_allocation", "2_named"]), s.applied < s.invoice_amount)
    s = s.filter(days_between(bench.as_of, s.settled_on) < rule.window_days)
    s = s.anti_join(bench.settled.parts, list(DOCUMENT_KEY))
    c = bench.settled.applied
    c = c.filter(c.entity != "payment")
    c = c.group_by(*DOCUMENT_KEY).agg(credited=money(c.applied.sum()))
    s = join_left(s, c, DOCUMENT_KEY)
    least = s.invoice_amount.cast("decimal(28, 10)") * exact(1 - rule.short_by)
    covered = (s.applied + ibis.coalesce(s.credited, zero())).cast("decimal(28, 10)")
    return s.filter(covered < least)


def part_payments(short: ir.Table) -> ir.Table:
    """Number and amount of the receipts among them, per (party, seller).

    The metric part_payments counts receipts, however many invoices each paid in part (EW08).
    """
    s = short
    receipts = s.group_by("party_id", "seller", "from_connection", "from_id").agg(
        part=money(s.base.sum())
    )
    return receipts.group_by("party_id", "seller").agg(
        part_payments=receipts.count(), part_amount=money(receipts.part.sum())
    )


def receipt_columns(t: ir.Table) -> dict[str, Any]:
    """Part-payment share, share paid by bill, and whether the way of paying is a new one.

    `payment_change`: 2 a payment was sent back, which had not happened in the year before; 1 bills
    arrived, which had not happened before either; 0 neither. Null when nothing was received in the
    year before: without habit there is no change.

    part_payment_share = part_payments ÷ receipts_recent; bill_share = Σ bills ÷ Σ receipts, both
    fractions, null without receipts (EW08, EW17).
    """
    habit = (t.receipts_before > 0) & (t.receipts_recent + t.returned_payments > 0)
    change = when(
        ((t.returned_payments > 0) & (t.returned_before == 0), RETURNED),
        ((t.bills_recent > 0) & (t.bills_before == 0), BILLS),
        otherwise=NOTHING,
    )
    return {
        "part_payment_share": ratio(t.part_payments, t.receipts_recent),
        "bill_share": ratio(t.bills_amount, t.receipts_amount),
        "payment_change": ibis.ifelse(habit, change, ibis.null("int64")).cast("int64"),
    }


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    rule = bench.policy.behaviour.receipts
    return {
        "receipts": receipt_sums(bench.facts, bench.rates, rule),
        "part_payments": part_payments(short_payments(bench, rule)),
    }


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return receipt_columns(t)


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    """Invoices paid in part, and the payments sent back and bills of the window."""
    return {
        "part_paid": _part_paid(bench),
        "new_payments": _new_payments(bench.facts, bench.rates, bench.policy.behaviour.receipts),
    }


def _part_paid(bench: Workbench) -> ir.Table:
    s = short_payments(bench, bench.policy.behaviour.receipts)
    s = s.group_by(*DOCUMENT_KEY, "number", "currency", "due_date").agg(
        amount=money(s.applied.sum()), weight=money(s.base.sum())
    )
    return s.mutate(entity=ibis.literal("invoice"))


def _new_payments(facts: Facts, rates: ir.Table, rule: ReceiptsDoc) -> ir.Table:
    p, b = facts["payment"], facts["bill"]
    returned = p.filter(p.amount < 0).select(
        *DOCUMENT_KEY, "number", "currency", entity=ibis.literal("payment"), on=p.value_date,
        amount=money(-p.amount), due_date=ibis.null("date"),
    )  # fmt: skip
    bills = b.filter(~b.state.isin(list(_GONE)), b.received_on.notnull()).select(
        *DOCUMENT_KEY, "number", "currency", entity=ibis.literal("bill"), on=b.received_on,
        amount=b.amount, due_date=b.matures_on,
    )  # fmt: skip
    t = union_all([returned, bills.select(*returned.columns)])
    ago = days_between(facts.as_of, t.on)
    t = in_base(t.filter(ago >= 0, ago < rule.window_days), rates)
    return t.mutate(weight=convert(t.amount, t.rate)).drop("on", "rate")


AREA = Area("receipts", sums=_sums, columns=_columns, documents=_documents)
