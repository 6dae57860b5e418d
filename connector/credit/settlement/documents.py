"""The documents that settlement works on: posted invoices, credit notes and receipts.

Each as known at the valuation date, with the selling company filled in where a party has only one,
and with the invoice that a payment or credit note names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    join_left,
    money,
    no_text,
    union_all,
    when,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.policy.document import PolicyDoc
from connector.credit.program import Builder
from connector.credit.settlement.due_dates import DOCUMENT_KEY as DOCUMENT_KEY
from connector.credit.settlement.due_dates import posted_rows, with_due_dates
from connector.credit.settlement.pouring import pair, pour
from connector.credit.settlement.schedules import first_due


def posted_invoices(facts: Facts, policy: PolicyDoc, agreed: ir.Table, parts: ir.Table) -> ir.Table:
    """Positive posted invoices with due date, its basis (`due_dates`), and room for payments.

    `agreed` and `parts` are what terms and instalments say. A clearing dated later than the
    valuation date is unknown yet, and so is the open amount that came with it.
    """
    t = first_due(with_due_dates(posted_rows(facts), facts, policy, agreed), parts)
    later = (t.cleared_date > facts.as_of).fill_null(False)
    given = ibis.ifelse(later, ibis.null("decimal(18, 4)"), t.open_amount)
    cleared = (t.cleared_date <= facts.as_of).fill_null(False)
    return t.select(
        *DOCUMENT_KEY,
        "number",
        "currency",
        "amount",
        "invoice_date",
        "due_date",
        "due_basis",
        "cleared_date",
        seller=ibis.coalesce(t.selling_company, ""),
        given=given,
        cleared=cleared,
        disputed=ibis.coalesce(t.disputed, False),
        disputed_part=ibis.coalesce(t.disputed_amount, zero()),
        room=when(
            (cleared, t.amount),
            (given.notnull(), ibis.greatest(money(t.amount - given), zero())),
            otherwise=t.amount,
        ).cast("decimal(18, 4)"),
    )


def only_seller(invoices: ir.Table) -> ir.Table:
    """The selling company of parties that have only one; it fills what documents leave out."""
    named = invoices.filter(invoices.seller != "")
    found = named.group_by("party_id").agg(n=named.seller.nunique(), the_seller=named.seller.min())
    return found.filter(found.n == 1).select("party_id", "the_seller")


def _fill_seller(table: ir.Table, seller: ir.Table) -> ir.Table:
    table = join_left(table, seller, ["party_id"])
    filled = ibis.coalesce(table.selling_company, table.the_seller, "")
    return table.mutate(seller=filled).drop("the_seller", "selling_company")


def credit_notes(facts: Facts, as_of: Any, seller: ir.Table) -> ir.Table:
    """Credit notes, and invoices with a negative amount or a negative open amount.

    `usable` is what may reduce the named invoice, `given` what the source says is still unused.
    """
    t = facts["credit_note"]
    t = t.filter(t.issue_date <= as_of)
    notes = t.select(
        *DOCUMENT_KEY, "number", "currency", "selling_company", "invoice_number",
        entity=ibis.literal("credit_note"), amount=money(t.amount.abs()),
        given=money(t.open_amount.abs()), issue_date=t.issue_date,
    )  # fmt: skip
    i = facts["invoice"]
    i = i.filter(i.invoice_date <= as_of, ibis.coalesce(i.posted, True))
    gone = (i.cleared_date <= as_of).fill_null(False)
    later = (i.cleared_date > as_of).fill_null(False)
    given = ibis.ifelse(later, ibis.null("decimal(18, 4)"), i.open_amount)
    negative = i.mutate(
        given=ibis.ifelse(gone, zero(), money(given.abs())), value=money(i.amount.abs())
    ).filter(i.amount < 0)
    overpaid = i.mutate(given=money(given.abs()), value=money(given.abs())).filter(
        i.amount > 0, given < 0, ~gone
    )
    rows = [
        part.select(
            *DOCUMENT_KEY, "number", "currency", "selling_company", invoice_number=no_text(),
            entity=ibis.literal("invoice"), amount=part.value, given=part.given,
            issue_date=part.invoice_date,
        )
        for part in (negative, overpaid)
    ]  # fmt: skip
    return _fill_seller(union_all([notes, *rows]), seller)


def receipts(received: ir.Table, invoices: ir.Table, as_of: Any, seller: ir.Table) -> ir.Table:
    """Money received up to `as_of` with the invoice each receipt names, by record id or number.

    Where several invoices carry the number, the first payment names the first of them, and so on.
    """
    t = received
    t = _fill_seller(t.filter(t.value_date <= as_of, t.amount != 0), seller)
    by_id = invoices.select(
        "party_id", "connection", "currency", invoice_id=invoices.id, id_hit=invoices.id
    )
    t = join_left(t, by_id, ["party_id", "connection", "currency", "invoice_id"])
    asking = t.filter(t.id_hit.isnull(), t.invoice_number.notnull())
    hits = hits_by_number(asking.mutate(moment=asking.value_date), invoices)
    t = join_left(t, hits.select(*DOCUMENT_KEY, "hit_connection", "hit_id"), DOCUMENT_KEY)
    return t.select(
        *DOCUMENT_KEY, "number", "currency", "seller", "amount", "value_date",
        to_connection=ibis.ifelse(t.id_hit.notnull(), t.connection, t.hit_connection),
        to_id=ibis.coalesce(t.id_hit, t.hit_id),
    )  # fmt: skip


def hits_by_number(asking: ir.Table, invoices: ir.Table) -> ir.Table:
    """For documents that name an invoice number: the invoice, k-th document to k-th invoice."""
    group = ["party_id", "currency", "invoice_number"]
    i = invoices.mutate(invoice_number=invoices.number)
    i = i.semi_join(asking.select(*group).distinct(), group).select(*i.columns)
    same = ibis.window(group_by=[i[name] for name in group])
    i = i.select(
        *group, hit_connection=i.connection, hit_id=i.id, hits=i.count().over(same),
        hit_place=_place(i, group, "invoice_date"),
    )  # fmt: skip
    a = asking.mutate(place=_place(asking, group, "moment"))
    t = a.inner_join(i, group)
    return t.filter(t.hit_place == ibis.least(t.place, t.hits))


def _place(table: ir.Table, group: Sequence[str], moment: str) -> Any:
    order = [table[moment], table.connection, table.id]
    window = ibis.window(group_by=[table[name] for name in group], order_by=order)
    return ibis.row_number().over(window) + 1


def cash_of(
    stage: Builder, facts: Facts, invoices: ir.Table, received: ir.Table, seller: ir.Table
) -> ir.Table:
    """Receipts with `left`, what may be applied of each.

    That is its amount, but for payments that were sent back, and for those allocated to an invoice
    in another currency: the allocation states the amount in the invoice's currency only, so what
    would be left of them cannot be told, and they count as spent.
    """
    all_receipts = stage.keep("receipts", receipts(received, invoices, facts.as_of, seller))
    returned = all_receipts.filter(all_receipts.amount < 0)
    returned = stage.keep("returned", returned.mutate(amount=money(-returned.amount)))
    undone = stage.keep("undone", _undone(all_receipts, returned))
    abroad = stage.keep("spent_abroad", _spent_abroad(facts, invoices, all_receipts))
    t = join_left(all_receipts, undone, DOCUMENT_KEY)
    t = join_left(t, abroad, DOCUMENT_KEY)
    return t.mutate(left=money(ibis.coalesce(t.nothing, t.rest, t.amount))).drop("nothing", "rest")


def _undone(all_receipts: ir.Table, returned: ir.Table) -> ir.Table:
    """Returned payments and those they undo, with the `rest` that is left of each.

    A return undoes the latest payment to the invoice it names, else the latest payment of the same
    amount. A return that undoes nothing keeps its negative amount.
    """
    received = all_receipts.filter(all_receipts.amount > 0)
    received = received.semi_join(returned.select("party_id").distinct(), "party_id")
    named = pour(
        _poured(returned.filter(returned.to_id.notnull())),
        _poured(received.filter(received.to_id.notnull())),
        on=["party_id", "currency", "to_connection", "to_id"],
        latest_first=True,
    )
    undone = named.group_by("party_id", "connection", "id").agg(used=money(named.applied.sum()))
    used = named.group_by("party_id", "from_connection", "from_id").agg(
        used=money(named.applied.sum())
    )
    used = used.rename(connection="from_connection", id="from_id")
    received, returned = _less(received, undone), _less(returned, used)
    twins = pair(
        _poured(returned.mutate(amount=returned.left)),
        _poured(received.mutate(amount=received.left)),
        on=["party_id", "currency"],
        latest_first=True,
    )
    gone = twins.select(*DOCUMENT_KEY, used=twins.applied)
    spent = twins.select(
        "party_id", connection=twins.from_connection, id=twins.from_id, used=twins.applied
    )
    received, returned = _less(received, gone), _less(returned, spent)
    return union_all(
        [
            received.select(*DOCUMENT_KEY, rest=received.left),
            returned.select(*DOCUMENT_KEY, rest=money(-returned.left)),
        ]
    )


def _less(cash: ir.Table, used: ir.Table) -> ir.Table:
    """`left` of cash, its amount at first, less what was used of it."""
    before = cash.left if "left" in cash.columns else cash.amount
    t = join_left(cash.mutate(left=before), used, DOCUMENT_KEY)
    return t.mutate(left=money(t.left - ibis.coalesce(t.used, zero()))).drop("used")


def _poured(cash: ir.Table) -> ir.Table:
    return cash.mutate(moment=cash.value_date)


def _spent_abroad(facts: Facts, invoices: ir.Table, all_receipts: ir.Table) -> ir.Table:
    """Payments allocated to an invoice in another currency: `nothing` is left of them."""
    a = facts["allocation"]
    a = a.filter(a.allocated_on <= facts.as_of)
    a = a.select("party_id", "connection", id=a.payment_id, invoice_id=a.invoice_id)
    i = invoices.select("party_id", "connection", invoice_id=invoices.id, to=invoices.currency)
    paid = all_receipts.select(*DOCUMENT_KEY, "currency")
    t = a.inner_join(i, ["party_id", "connection", "invoice_id"]).inner_join(paid, DOCUMENT_KEY)
    return t.filter(t.to != t.currency).select(*DOCUMENT_KEY, nothing=zero()).distinct()
