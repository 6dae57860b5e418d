"""Documents that fall due in parts: instalments, deposit and balance, retention (质保金).

Parts are stated by the source (entity instalment, an invoice's retention) or follow from agreed
terms. What they leave of the amount is due on the document's own day; where that day is only
guessed, it joins the last part. Parts of the same day are one part. They always add up to the
amount of the document: what is stated beyond it is cut off from the latest on.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import convert, join_left, money, plus_days, union_all, zero
from connector.credit.facts import Facts
from connector.credit.policy.document import PolicyDoc
from connector.credit.settlement.due_dates import (
    DOCUMENT_KEY,
    GUESSED,
    MOST_DAYS,
    posted_rows,
    with_due_dates,
)

KEY = list(DOCUMENT_KEY)


def stated_parts(facts: Facts, policy: PolicyDoc, agreed: ir.Table) -> ir.Table:
    """Every part that a source or agreed terms state: key, `due_date`, `part_amount`, basis."""
    stated = [_instalments(facts), _retentions(facts, policy), *_agreed_parts(facts, agreed)]
    found = union_all(stated)
    return found.filter(found.part_amount > 0)


def parts_of(facts: Facts, policy: PolicyDoc, agreed: ir.Table, stated: ir.Table) -> ir.Table:
    """Parts of the documents that have some: key, `part` from 1 on, `due_date`, `amount`, basis."""
    rows = posted_rows(facts).semi_join(stated.select(*KEY).distinct(), KEY)
    main = with_due_dates(rows, facts, policy, agreed)
    main = main.select(
        *KEY, "currency", whole=main.amount, own_due=main.due_date, own_basis=main.due_basis
    )
    t = stated.group_by(*KEY, "due_date").agg(
        part_amount=money(stated.part_amount.sum()), part_basis=stated.part_basis.min()
    )
    t = t.inner_join(main, KEY)
    to_here = _window(t, preceding=None, following=0)
    t = t.mutate(end=ibis.least(money(t.part_amount.sum().over(to_here)), t.whole))
    start = ibis.coalesce(t.end.lag().over(_window(t)), zero())
    cut = t.select(*KEY, "due_date", amount=money(t.end - start), basis=t.part_basis)
    return _numbered(union_all([cut, _rest(t).select(*cut.columns)]))


def _window(t: ir.Table, **bounds: Any) -> Any:
    group = [t[name] for name in KEY]
    return ibis.window(group_by=group, order_by=[t.due_date], **bounds)


def _rest(t: ir.Table) -> ir.Table:
    """What the stated parts leave of the document."""
    guessed = t.own_basis.isin(GUESSED)
    left = t.group_by(*KEY).agg(
        amount=money(t.whole.max() - t.end.max()),
        due_date=ibis.ifelse(guessed, t.due_date, t.own_due).max(),
        basis=ibis.ifelse(guessed, t.part_basis, t.own_basis).max(),
    )
    return left


def _numbered(t: ir.Table) -> ir.Table:
    t = t.filter(t.amount > 0)
    merged = t.group_by(*KEY, "due_date").agg(amount=money(t.amount.sum()), basis=t.basis.min())
    return merged.mutate(part=(ibis.row_number().over(_window(merged)) + 1).cast("int64"))


def _instalments(facts: Facts) -> ir.Table:
    i = facts["instalment"]
    return i.select(
        "party_id", "connection", id=i.invoice_id, due_date=i.due_date, part_amount=i.amount,
        part_basis=ibis.literal("instalments"),
    )  # fmt: skip


def _retentions(facts: Facts, policy: PolicyDoc) -> ir.Table:
    """Retentions that the invoice states, unless its instalments say everything."""
    rows = posted_rows(facts)
    t = rows.filter(rows.retention_amount > 0)
    i = facts["instalment"]
    t = t.anti_join(i.select("party_id", "connection", id=i.invoice_id), KEY)
    due = t.retention_due
    if policy.terms.retention_days is not None:
        due = ibis.coalesce(
            due, plus_days(t.invoice_date, ibis.literal(policy.terms.retention_days))
        )
    t = t.select(*KEY, due_date=due, part_amount=ibis.least(t.retention_amount, t.amount),
                 part_basis=ibis.literal("document"))  # fmt: skip
    return t.filter(t.due_date.notnull())


def _agreed_parts(facts: Facts, agreed: ir.Table) -> list[ir.Table]:
    """Deposit, instalments and retention of the agreed terms, unless the source states parts."""
    i, rows = facts["instalment"], facts["invoice"]
    t = agreed.anti_join(i.select("party_id", "connection", id=i.invoice_id), KEY)
    kept = rows.filter(rows.retention_amount > 0).select(*KEY, stated=rows.retention_amount)
    t = join_left(t, kept, KEY)
    share = t.retention_share.notnull() & t.retention_days.notnull() & t.stated.isnull()
    retained = ibis.ifelse(share, _part(t.amount, t.retention_share), zero())
    t = t.mutate(retained=retained, pot=money(t.amount - ibis.coalesce(t.stated, retained)))
    deposit = t.filter(t.kind == "deposit_balance", t.deposit_share > 0)
    return [
        _stated(t.filter(t.retained > 0), "retained", "retention_days"),
        _stated(deposit.mutate(first=_part(deposit.pot, deposit.deposit_share)), "first", None),
        _written_out(t.filter(t.kind == "instalments")),
    ]


def _part(amount: Any, share: Any) -> Any:
    """A share of an amount, rounded to cents."""
    within = ibis.greatest(ibis.least(share, 1), 0).cast("decimal(18, 10)")
    return money(convert(amount, within).round(2))


def _stated(t: ir.Table, amount: str, days: str | None) -> ir.Table:
    due = plus_days(t.base_day, t[days]) if days else t.base_day
    return t.select(*KEY, due_date=due, part_amount=t[amount], part_basis=t.due_basis)


def _written_out(t: ir.Table) -> ir.Table:
    """The pairs of `0.3@0;0.7@60`; shares run along their sum, so that cents add up."""
    text = t.instalments.re_replace(r"\s", "")
    t = t.mutate(pair=text.split(";").unnest())
    t = t.filter(t.pair.re_search(r"^[01]?(\.[0-9]{1,8})?@[0-9]{1,4}$"), t.pair.length() > 2)
    t = t.mutate(
        share=t.pair.re_replace("@.*$", "").try_cast("decimal(18, 10)"),
        days=t.pair.re_replace("^.*@", "").try_cast("int64"),
    )
    t = t.filter(t.share > 0, t.days <= MOST_DAYS)
    t = t.group_by(*KEY, "base_day", "pot", "due_basis", "days").agg(share=t.share.sum())
    group = [t[name] for name in KEY]
    to_here = ibis.window(group_by=group, order_by=[t.days], preceding=None, following=0)
    within = ibis.window(group_by=group, order_by=[t.days])
    # The last one takes what the shares leave when they do not add up to 1.
    last = t.days.lead().over(within).isnull()
    t = t.mutate(end=ibis.ifelse(last, t.pot, _part(t.pot, t.share.sum().over(to_here))))
    within = ibis.window(group_by=[t[name] for name in KEY], order_by=[t.days])
    start = ibis.coalesce(t.end.lag().over(within), zero())
    return t.select(*KEY, due_date=plus_days(t.base_day, t.days), part_amount=money(t.end - start),
                    part_basis=t.due_basis)  # fmt: skip


def first_due(invoices: ir.Table, parts: ir.Table) -> ir.Table:
    """Invoices with parts fall due with the first of them; payments fill the earliest first."""
    first = parts.filter(parts.part == 1)
    first = first.select(*KEY, first_due=first.due_date, first_basis=first.basis)
    t = join_left(invoices, first, KEY)
    return t.mutate(
        due_date=ibis.coalesce(t.first_due, t.due_date),
        due_basis=ibis.coalesce(t.first_basis, t.due_basis),
    ).drop("first_due", "first_basis")
