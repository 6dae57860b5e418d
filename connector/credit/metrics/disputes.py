"""Disputes that the credit department keeps: which invoices they make disputed, since when.

A dispute names an invoice by number. It adds to what the invoice itself says (`disputed`,
`disputed_amount`): of two amounts for the same invoice the larger counts, because they are most
likely the same quarrel.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    convert,
    days_between,
    join_left,
    money,
    plus_days,
    ratio,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.metrics.papers import paper_rows
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.behaviour import DisputesDoc
from connector.credit.program import Builder
from connector.credit.settlement.documents import DOCUMENT_KEY, hits_by_number


def disputes_of(stage: Builder, facts: Facts, invoices: ir.Table) -> ir.Table:
    """The stage `disputes`, made by whoever asks first."""
    return stage.once("disputes", lambda: named_disputes(facts, invoices))


def named_disputes(facts: Facts, invoices: ir.Table) -> ir.Table:
    """Disputes raised until the valuation date with the invoice each names, one row a dispute.

    `hit_connection` and `hit_id` are null when the invoice is not known; then the dispute makes
    nothing disputed but is still counted. `invoice_date`, `due_date`, `invoice_amount` and `seller`
    are the invoice's; `disputed_amount` is what is in dispute, in the dispute's currency: its
    amount, at most the invoice's, or the whole invoice.
    """
    d, as_of = facts["dispute"], facts.as_of
    d = d.filter(d.opened_on <= as_of)
    d = d.mutate(closed_on=ibis.ifelse(d.closed_on <= as_of, d.closed_on, ibis.null("date")))
    asking = d.filter(d.invoice_number.notnull()).mutate(moment=d.opened_on)
    hits = hits_by_number(asking, invoices)
    d = join_left(d, hits.select(*DOCUMENT_KEY, "hit_connection", "hit_id"), DOCUMENT_KEY)
    i = invoices.semi_join(d.select("party_id").distinct(), "party_id")
    i = i.select(
        "party_id", "invoice_date", "due_date", "seller", hit_connection=i.connection, hit_id=i.id,
        invoice_amount=i.amount,
    )  # fmt: skip
    d = join_left(d, i, ["party_id", "hit_connection", "hit_id"])
    amount = ibis.coalesce(ibis.least(d.amount, d.invoice_amount), d.amount, d.invoice_amount)
    return d.select(
        *DOCUMENT_KEY, "number", "currency", "opened_on", "closed_on", "reason", "hit_connection",
        "hit_id", "invoice_number", "invoice_date", "due_date", "invoice_amount",
        seller=ibis.coalesce(d.seller, d.selling_company, ""),
        whole=d.amount.isnull(), disputed_amount=money(ibis.coalesce(amount, zero())),
    )  # fmt: skip


def with_disputes(invoices: ir.Table, disputes: ir.Table) -> ir.Table:
    """Open invoices with `disputed` and `disputed_part` raised by the disputes still open.

    Several disputes about one invoice add up, at most to what is open.
    """
    d = disputes.filter(disputes.closed_on.isnull(), disputes.hit_id.notnull())
    parts = d.group_by("party_id", connection=d.hit_connection, id=d.hit_id).agg(
        in_whole=d.whole.any(), in_part=money(d.disputed_amount.sum(where=~d.whole))
    )
    t = join_left(invoices, parts, DOCUMENT_KEY)
    return t.mutate(
        disputed=t.disputed | ibis.coalesce(t.in_whole, False),
        disputed_part=money(ibis.greatest(t.disputed_part, ibis.coalesce(t.in_part, zero()))),
    ).drop("in_whole", "in_part")


def quarrelled(disputes: ir.Table) -> ir.Table:
    """Keys of the invoices that were in dispute when they fell due.

    Their payments say how long the quarrel took, not how the customer pays.
    """
    d = disputes.filter(disputes.hit_id.notnull())
    d = d.filter(d.closed_on.isnull() | (d.closed_on > d.due_date))
    return d.select("party_id", connection=d.hit_connection, id=d.hit_id).distinct()


def dispute_sums(disputes: ir.Table, rates: ir.Table, as_of: Any, rule: DisputesDoc) -> ir.Table:
    """Counts and amounts per (party, seller), in company currency.

    `disputes_open` are open at the valuation date; `disputed_now` and `disputed_earlier` what the
    disputes open then and `change_days` ago are about; `disputes_before_due` those raised within
    the window and within `before_due_days` before the invoice's due date, the day itself included.

    disputes_recent counts those raised within `change_days`, disputed_before_due is the amount of
    disputes_before_due, in company currency.
    """
    d = in_base(disputes, rates)
    earlier = plus_days(as_of, ibis.literal(-rule.change_days))
    days_ago = days_between(as_of, d.opened_on)
    ahead = days_between(d.due_date, d.opened_on)
    d = d.mutate(
        base=convert(d.disputed_amount, d.rate),
        now=d.closed_on.isnull(),
        then=(d.opened_on <= earlier) & (d.closed_on.isnull() | (d.closed_on > earlier)),
        fresh=days_ago < rule.change_days,
        early=ibis.coalesce(ahead.between(0, rule.before_due_days), False)
        & (days_ago < rule.window_days),
    )

    def total(where: Any) -> Any:
        return money(ibis.coalesce(d.base.sum(where=where), zero()))

    return d.group_by("party_id", "seller").agg(
        disputes_open=d.count(where=d.now),
        disputes_recent=d.count(where=d.fresh),
        disputed_now=total(d.now),
        disputed_earlier=total(d.then),
        disputes_before_due=d.count(where=d.early),
        disputed_before_due=total(d.early),
        oldest_dispute=d.opened_on.min(where=d.now),
    )


def change_of_share(now: Any, owed_now: Any, earlier: Any, owed_earlier: Any) -> Any:
    """Disputed share now less the share then; nothing owed then counts as nothing disputed.

    Null when nothing is owed now: without receivables there is no share.

    The metric dispute_change, a difference of fractions: 0.1 is ten points more (EW07).
    """
    before = ibis.coalesce(ratio(earlier, owed_earlier), 0).cast("decimal(18, 10)")
    return (ratio(now, owed_now) - before).cast("decimal(18, 10)")


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    rule = bench.policy.behaviour.disputes
    disputes = disputes_of(bench.stage, bench.facts, bench.settled.invoices)
    return {"disputes": dispute_sums(disputes, bench.rates, bench.as_of, rule)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    """oldest_dispute_days = age in days of the oldest open dispute; null for none.

    dispute_change see `change_of_share`.
    """
    return {
        "dispute_change": change_of_share(
            t.disputed_now, t.open_receivables, t.disputed_earlier, t.receivables_earlier
        ),
        "oldest_dispute_days": days_between(bench.as_of, t.oldest_dispute),
    }


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    """Open disputes, and those that were raised shortly before the due date."""
    rule, t = bench.policy.behaviour.disputes, bench.stage.kept["disputes"]
    t = in_base(t, bench.rates)
    ahead = days_between(t.due_date, t.opened_on)
    days_ago = days_between(bench.as_of, t.opened_on)
    early = ahead.between(0, rule.before_due_days) & (days_ago < rule.window_days)
    return {
        "disputes": _papers(t.filter(t.closed_on.isnull())),
        "early_disputes": _papers(t.filter(early)),
    }


def _papers(t: ir.Table) -> ir.Table:
    weight = convert(t.disputed_amount, t.rate)
    return paper_rows(t, "dispute", weight, amount=t.disputed_amount)


AREA = Area("disputes", sums=_sums, columns=_columns, documents=_documents)
