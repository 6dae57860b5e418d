"""Promises to pay: were they kept, by count, by amount, and by what was really paid.

A promise is due for judgement once its day plus grace has passed. A promise kept only in part is
broken in the count and counts pro rata in the paid share. Withdrawn promises are out.

Where the source does not say what was paid on a promise, payments between the day it was made and
its last day count: those of the invoice it names, else any of the customer. Each payment counts
once: promises whose times overlap are served in the order of their days.
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
    union_all,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.metrics.papers import paper_rows
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.behaviour import PromisesDoc
from connector.credit.settlement.documents import DOCUMENT_KEY, hits_by_number
from connector.credit.settlement.matching import Settled
from connector.credit.settlement.pouring import pour

POOL = ("party_id", "currency", "to_connection", "to_id", "island")


def given_promises(facts: Facts, invoices: ir.Table, rule: PromisesDoc) -> ir.Table:
    """Promises made by the valuation date, with last day and the invoice each names.

    `to_connection`, `to_id` are "" for promises that name no known invoice. Promises of twice the
    window are taken along, so that money that served an older one is not counted for a younger.
    """
    p = facts["promise"]
    p = p.filter(p.made_on <= facts.as_of, ~ibis.coalesce(p.withdrawn, False), p.amount > 0)
    p = p.filter(days_between(facts.as_of, p.promised_on) < 2 * rule.window_days)
    asking = p.filter(p.invoice_number.notnull()).mutate(moment=p.made_on)
    hits = hits_by_number(asking, invoices).select(*DOCUMENT_KEY, "hit_connection", "hit_id")
    p = join_left(p, hits, DOCUMENT_KEY)
    return p.select(
        *DOCUMENT_KEY, "number", "currency", "amount", "kept_amount", "made_on", "promised_on",
        seller=ibis.coalesce(p.selling_company, ""),
        last_day=plus_days(p.promised_on, ibis.literal(rule.grace_days)),
        to_connection=ibis.coalesce(p.hit_connection, ""), to_id=ibis.coalesce(p.hit_id, ""),
    )  # fmt: skip


def with_islands(promises: ir.Table) -> ir.Table:
    """Number the stretches of time in which promises about the same money overlap."""
    group = [promises[name] for name in POOL[:-1]]
    order = [promises.made_on, promises.last_day, promises.connection, promises.id]
    so_far = ibis.window(group_by=group, order_by=order, preceding=None, following=0)
    t = promises.mutate(reach=promises.last_day.max().over(so_far))
    by = ibis.window(group_by=[t[name] for name in POOL[:-1]],
                     order_by=[t.made_on, t.last_day, t.connection, t.id])  # fmt: skip
    t = t.mutate(before=t.reach.lag().over(by))
    apart = ibis.ifelse(t.before.isnull() | (t.made_on > t.before), 1, 0)
    t = t.mutate(apart=apart)
    run = ibis.window(group_by=[t[name] for name in POOL[:-1]], preceding=None, following=0,
                      order_by=[t.made_on, t.last_day, t.connection, t.id])  # fmt: skip
    return t.mutate(island=t.apart.sum().over(run).cast("int64")).drop("reach", "before", "apart")


def money_received(settled: Settled, promises: ir.Table) -> ir.Table:
    """Receipts of the parties that promised: pieces applied to invoices, and what is unmatched."""
    parties = promises.select("party_id").distinct()
    a = settled.applied
    a = a.filter(a.entity == "payment").semi_join(parties, "party_id")
    i = settled.invoices.semi_join(parties, "party_id").select(*DOCUMENT_KEY, "currency")
    a = a.inner_join(i, list(DOCUMENT_KEY))
    pieces = a.group_by(
        "party_id", "currency", to_connection=a.connection, to_id=a.id,
        connection=a.from_connection, id=a.from_id, moment=a.settled_on,
    ).agg(amount=money(a.applied.sum()))  # fmt: skip
    c = settled.cash
    c = c.filter(c.left > 0).semi_join(parties, "party_id")
    loose = c.select(
        "party_id", "currency", to_connection=ibis.literal(""), to_id=ibis.literal(""),
        connection=c.connection, id=c.id, moment=c.value_date, amount=c.left,
    )  # fmt: skip
    return union_all([pieces, loose.select(*pieces.columns)])


def paid_on(promises: ir.Table, received: ir.Table) -> ir.Table:
    """What of the receipts falls to each promise within its time.

    `received` has party_id, currency, to_connection, to_id, connection, id, moment and amount.
    Within one island the receipts are poured into the promises in the order of their last days;
    what arrives before a promise was made or after its last day does not keep it.
    """
    islands = promises.group_by(*POOL).agg(
        opens=promises.made_on.min(), closes=promises.last_day.max()
    )
    r = received.inner_join(islands, list(POOL[:-1]))
    r = r.filter(r.moment >= r.opens, r.moment <= r.closes)
    # One receipt may have been split over several invoices: its parts are told apart by place.
    sources = r.mutate(received_on=r.moment)
    sinks = promises.mutate(moment=promises.last_day)
    on = list(POOL)
    poured = pour(sources, sinks, on=on, carry=["received_on"])
    t = poured.inner_join(promises.select(*DOCUMENT_KEY, "made_on", "last_day"), list(DOCUMENT_KEY))
    return t.filter(t.received_on >= t.made_on, t.received_on <= t.last_day)


def kept_promises(promises: ir.Table, received: ir.Table, stage: Any) -> ir.Table:
    """Promises with `kept`: what the source says, else what the payments say.

    Promises that name an invoice come first; the rest of the money is there for the others.
    """
    asked = promises.filter(promises.kept_amount.isnull())
    named = stage.keep("promises_named", with_islands(asked.filter(asked.to_id != "")))
    first = stage.keep("promises_paid", paid_on(named, received))
    spent = first.group_by("party_id", connection=first.from_connection, id=first.from_id).agg(
        spent=money(first.applied.sum())
    )
    whole = received.group_by("party_id", "currency", "connection", "id", "moment").agg(
        amount=money(received.amount.sum())
    )
    rest = join_left(whole, spent, DOCUMENT_KEY)
    rest = rest.mutate(
        amount=money(rest.amount - ibis.coalesce(rest.spent, zero())),
        to_connection=ibis.literal(""), to_id=ibis.literal(""),
    ).filter(lambda x: x.amount > 0)  # fmt: skip
    free = stage.keep("promises_free", with_islands(asked.filter(asked.to_id == "")))
    found = union_all([first, paid_on(free, rest)])
    sums = found.group_by(*DOCUMENT_KEY).agg(paid=money(found.applied.sum()))
    t = join_left(promises, sums, DOCUMENT_KEY)
    kept = ibis.coalesce(t.kept_amount, t.paid, zero())
    return t.mutate(kept=money(ibis.least(kept, t.amount)))


def promise_sums(kept: ir.Table, rates: ir.Table, as_of: Any, rule: PromisesDoc) -> ir.Table:
    """Counts and amounts per (party, seller), in company currency (vector PTP-1).

    promises_due counts those that are due for judgement within the window; promised_open and
    next_promise tell of those that are not.
    """
    t = in_base(kept, rates)
    due = (t.last_day < as_of) & (days_between(as_of, t.promised_on) < rule.window_days)
    t = t.mutate(
        promised=convert(t.amount, t.rate), paid_base=convert(t.kept, t.rate),
        due=due, fulfilled=t.kept >= t.amount, coming=t.last_day >= as_of,
    )  # fmt: skip

    def total(amount: Any, where: Any) -> Any:
        return money(ibis.coalesce(amount.sum(where=where), zero()))

    return t.group_by("party_id", seller=t.seller).agg(
        promises_due=t.count(where=t.due),
        promises_kept=t.count(where=t.due & t.fulfilled),
        promised_amount=total(t.promised, t.due),
        promised_kept=total(t.promised, t.due & t.fulfilled),
        promised_paid=total(t.paid_base, t.due),
        promised_open=total(t.promised, t.coming),
        next_promise=t.promised_on.min(where=t.coming),
    )


def promise_columns(t: ir.Table) -> dict[str, Any]:
    """Kept share by count and by amount, paid share, and the broken ones; null without promises.

    promises_broken = promises_due − kept ones (EW06); promise_kept_ratio by count;
    promise_kept_amount_ratio = Σ promised on kept ones ÷ Σ promised; promise_paid_share = Σ paid on
    all ÷ Σ promised. Fractions (PTP-1).
    """
    return {
        "promises_broken": t.promises_due - t.promises_kept,
        "promise_kept_ratio": ratio(t.promises_kept, t.promises_due),
        "promise_kept_amount_ratio": ratio(t.promised_kept, t.promised_amount),
        "promise_paid_share": ratio(t.promised_paid, t.promised_amount),
        "promised_broken": money(t.promised_amount - t.promised_kept),
    }


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    rule, stage = bench.policy.behaviour.promises, bench.stage
    given = given_promises(bench.facts, bench.settled.invoices, rule)
    given = stage.keep("promises", given)
    received = stage.keep("promise_money", money_received(bench.settled, given))
    kept = stage.keep("promises_judged", kept_promises(given, received, stage))
    return {"promises": promise_sums(kept, bench.rates, bench.as_of, rule)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return promise_columns(t)


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    """Promises that were not kept within the window, with what stayed unpaid."""
    rule, t = bench.policy.behaviour.promises, bench.stage.kept["promises_judged"]
    t = in_base(t.filter(t.kept < t.amount), bench.rates)
    due = (t.last_day < bench.as_of) & (days_between(bench.as_of, t.promised_on) < rule.window_days)
    t = t.filter(due)
    missing = money(t.amount - t.kept)
    weight = convert(missing, t.rate)
    return {"promises": paper_rows(t, "promise", weight, amount=missing, due_date=t.promised_on)}


AREA = Area("promises", sums=_sums, columns=_columns, documents=_documents)
