"""Which payment settled which invoice, and what is left open on either side.

Order of matching: what the source or the payment says (allocation, named invoice, credit note),
then equal amounts one to one, then oldest due first. The last two are derived and marked so. No
invoice takes more than its amount; what finds no invoice stays visible as unapplied cash.

An invoice's `room` is what payments may still explain: its amount, or the settled part when the
source keeps an open amount. Everything dated after the valuation date is ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    due_after,
    join_left,
    money,
    no_text,
    union_all,
    when,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.policy import PolicyDoc
from connector.credit.pouring import pair, pour
from connector.credit.program import Builder

DERIVED = ("equal_amount", "oldest_first", "cleared")
"""Ways of matching that we concluded ourselves."""

_INVOICE_KEY = ("party_id", "connection", "id")


@dataclass(frozen=True)
class Settled:
    """The outcome: invoices with `open`, applications with dates, credits and cash left over."""

    invoices: ir.Table
    applied: ir.Table
    credits: ir.Table
    cash: ir.Table


def settle(stage: Builder, facts: Facts, policy: PolicyDoc) -> Settled:
    """Match credit notes, allocations and payments to invoices as known at the valuation date."""
    as_of = facts.as_of
    invoices = stage.keep("invoices", posted_invoices(facts, policy, as_of))
    seller = stage.keep("seller", only_seller(invoices))
    credits = stage.keep("credits", credit_notes(facts, as_of, seller))
    cash = stage.keep("receipts", receipts(facts, invoices, as_of, seller))
    cash = stage.keep("cash", _without_returns(cash))
    named = stage.keep("named", _named(facts, invoices, credits, cash, as_of, policy))
    applied = [named]
    for method in policy.matching:
        if method == "equal_amount":
            applied.append(stage.keep(method, _equal_amounts(invoices, cash, applied)))
        elif method == "oldest_first":
            own = stage.keep(method, _oldest_first(invoices, cash, applied, by_seller=True))
            rest = _oldest_first(invoices, cash, [*applied, own], by_seller=False)
            applied += [own, stage.keep("oldest_any_seller", rest)]
    everything = stage.keep("applied", union_all(applied))
    return Settled(
        stage.keep("settled_invoices", _with_open(invoices, everything)),
        union_all([everything, _cleared_rest(invoices, everything)]),
        stage.keep("credit_left", _credit_left(credits, everything)),
        stage.keep("cash_left", _cash_left(cash, everything)),
    )


def posted_invoices(facts: Facts, policy: PolicyDoc, as_of: Any) -> ir.Table:
    """Positive posted invoices up to `as_of` with due date, its basis, and room for payments.

    Due date: the document's, else invoice date + the document's terms, else + the party's terms,
    else the invoice date itself (`due_basis` = invoice_date). A clearing dated later than `as_of`
    is unknown yet, and so is the open amount that came with it.
    """
    t = facts["invoice"]
    t = t.filter(t.invoice_date <= as_of, t.amount > 0, ibis.coalesce(t.posted, True))
    terms = facts["party"].select("party_id", party_terms=facts["party"].terms_days)
    t = join_left(t, terms, ["party_id"])
    later = (t.cleared_date > as_of).fill_null(False)
    given = ibis.ifelse(later, ibis.null("decimal(18, 4)"), t.open_amount)
    cleared = (t.cleared_date <= as_of).fill_null(False)
    rule = policy.ageing.terms_rule
    return t.select(
        *_INVOICE_KEY,
        "number",
        "currency",
        "amount",
        "invoice_date",
        "cleared_date",
        seller=ibis.coalesce(t.selling_company, ""),
        given=given,
        cleared=cleared,
        due_date=when(
            (t.due_date.notnull(), t.due_date),
            (t.terms_days.notnull(), due_after(t.invoice_date, t.terms_days, rule)),
            (t.party_terms.notnull(), due_after(t.invoice_date, t.party_terms, rule)),
            otherwise=t.invoice_date,
        ).cast("date"),
        due_basis=when(
            (t.due_date.notnull(), "document"),
            (t.terms_days.notnull(), "document_terms"),
            (t.party_terms.notnull(), "party_terms"),
            otherwise="invoice_date",
        ),
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
        *_INVOICE_KEY, "number", "currency", "selling_company", "invoice_number",
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
            *_INVOICE_KEY, "number", "currency", "selling_company", invoice_number=no_text(),
            entity=ibis.literal("invoice"), amount=part.value, given=part.given,
            issue_date=part.invoice_date,
        )
        for part in (negative, overpaid)
    ]  # fmt: skip
    return _fill_seller(union_all([notes, *rows]), seller)


def receipts(facts: Facts, invoices: ir.Table, as_of: Any, seller: ir.Table) -> ir.Table:
    """Payments up to `as_of` with the invoice each names, by record id or by number.

    Where several invoices carry the number, the first payment names the first of them, and so on.
    """
    t = facts["payment"]
    t = _fill_seller(t.filter(t.value_date <= as_of, t.amount != 0), seller)
    by_id = invoices.select(
        "party_id", "connection", "currency", invoice_id=invoices.id, id_hit=invoices.id
    )
    t = join_left(t, by_id, ["party_id", "connection", "currency", "invoice_id"])
    asking = t.filter(t.id_hit.isnull(), t.invoice_number.notnull())
    hits = _hits_by_number(asking.mutate(moment=asking.value_date), invoices)
    t = join_left(t, hits.select(*_INVOICE_KEY, "hit_connection", "hit_id"), _INVOICE_KEY)
    return t.select(
        *_INVOICE_KEY, "number", "currency", "seller", "amount", "value_date",
        to_connection=ibis.ifelse(t.id_hit.notnull(), t.connection, t.hit_connection),
        to_id=ibis.coalesce(t.id_hit, t.hit_id),
    )  # fmt: skip


def _hits_by_number(asking: ir.Table, invoices: ir.Table) -> ir.Table:
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


def _without_returns(cash: ir.Table) -> ir.Table:
    """Payments with `left`, after returned ones were set against what they undo.

    A return undoes the latest payment to the invoice it names, else the latest payment of the same
    amount. A return that undoes nothing keeps its negative amount.
    """
    received = cash.filter(cash.amount > 0)
    returned = cash.filter(cash.amount < 0).mutate(amount=money(-cash.amount))
    named = pour(
        _poured(returned.filter(returned.to_id.notnull())),
        _poured(received.filter(received.to_id.notnull())),
        on=["party_id", "currency", "to_connection", "to_id"],
        latest_first=True,
    )
    undone = named.group_by("party_id", "connection", "id").agg(undone=money(named.applied.sum()))
    used = named.group_by("party_id", "from_connection", "from_id").agg(
        used=money(named.applied.sum())
    )
    used = used.rename(connection="from_connection", id="from_id")
    received = join_left(received, undone, _INVOICE_KEY)
    received = received.mutate(left=money(received.amount - ibis.coalesce(received.undone, zero())))
    returned = join_left(returned, used, _INVOICE_KEY)
    returned = returned.mutate(left=money(returned.amount - ibis.coalesce(returned.used, zero())))
    twins = pair(
        _poured(returned.mutate(amount=returned.left)),
        _poured(received.mutate(amount=received.left)),
        on=["party_id", "currency"],
        latest_first=True,
    )
    gone = twins.select(*_INVOICE_KEY, twin=twins.applied)
    spent = twins.select(
        "party_id", connection=twins.from_connection, id=twins.from_id, twin=twins.applied
    )
    parts = []
    for table, matched, sign in ((received, gone, 1), (returned, spent, -1)):
        t = join_left(table, matched, _INVOICE_KEY)
        left = money((t.left - ibis.coalesce(t.twin, zero())) * sign)
        parts.append(
            t.select(
                *_INVOICE_KEY, "number", "currency", "seller", "value_date", "to_connection",
                "to_id", amount=money(t.amount * sign), left=left,
            )
        )  # fmt: skip
    return union_all(parts)


def _poured(cash: ir.Table) -> ir.Table:
    return cash.mutate(moment=cash.value_date)


def _named(
    facts: Facts, invoices: ir.Table, credits: ir.Table, cash: ir.Table, as_of: Any, policy: Any
) -> ir.Table:
    """Applications that somebody stated, credit notes first, never beyond an invoice's room."""
    claims = [_credit_claims(credits, invoices), _allocation_claims(facts, cash, as_of)]
    if "named" in policy.matching:
        claims.append(_payment_claims(facts, cash, as_of))
    c = union_all(claims)
    rooms = invoices.select(*_INVOICE_KEY, "room", "due_date", "invoice_date")
    totals = c.group_by("party_id", "to_connection", "to_id").agg(claimed=money(c.amount.sum()))
    totals = totals.rename(connection="to_connection", id="to_id")
    rooms = rooms.inner_join(totals, list(_INVOICE_KEY))
    c = c.rename(from_connection="connection", from_id="id", connection="to_connection", id="to_id")
    plain = c.inner_join(rooms.filter(rooms.claimed <= rooms.room), list(_INVOICE_KEY))
    fits = _application(plain, plain.amount)
    tight = rooms.filter(rooms.claimed > rooms.room)
    sources = c.mutate(to_connection=c.connection, to_id=c.id).drop("connection", "id")
    sources = sources.rename(connection="from_connection", id="from_id")
    sinks = tight.select(
        *_INVOICE_KEY, to_connection=tight.connection, to_id=tight.id, amount=tight.room,
        moment=tight.due_date, invoice_date=tight.invoice_date,
    )  # fmt: skip
    on = ["party_id", "to_connection", "to_id"]
    cut = pour(sources, sinks, on=on, carry=["entity", "method", "settled_on"])
    cut = join_left(cut, rooms.select(*_INVOICE_KEY, "invoice_date"), _INVOICE_KEY)
    return union_all([fits, _application(cut, cut.applied)])


def _application(t: ir.Table, applied: Any) -> ir.Table:
    return t.select(
        "party_id", "connection", "id", "from_connection", "from_id", "entity", "method",
        applied=money(applied), settled_on=ibis.greatest(t.settled_on, t.invoice_date),
    )  # fmt: skip


def _credit_claims(credits: ir.Table, invoices: ir.Table) -> ir.Table:
    c = credits.filter(credits.invoice_number.notnull())
    c = _hits_by_number(c.mutate(moment=c.issue_date), invoices)
    usable = ibis.ifelse(c.given.isnull(), c.amount, ibis.greatest(c.amount - c.given, zero()))
    return c.select(
        *_INVOICE_KEY, to_connection=c.hit_connection, to_id=c.hit_id, amount=money(usable),
        moment=c.issue_date, settled_on=c.issue_date, entity=c.entity,
        method=ibis.literal("0_credit_note"),
    ).filter(usable > 0)  # fmt: skip


def _allocation_claims(facts: Facts, cash: ir.Table, as_of: Any) -> ir.Table:
    a = facts["allocation"]
    a = a.filter(a.allocated_on <= as_of, a.amount > 0)
    paid = cash.select("party_id", "connection", payment_id=cash.id, value_date=cash.value_date)
    a = a.inner_join(paid, ["party_id", "connection", "payment_id"])
    a = a.group_by("party_id", "connection", "payment_id", "invoice_id").agg(
        amount=money(a.amount.sum()), value_date=a.value_date.max()
    )
    return a.select(
        "party_id", "connection", id=a.payment_id, to_connection=a.connection, to_id=a.invoice_id,
        amount=a.amount, moment=a.value_date, settled_on=a.value_date,
        entity=ibis.literal("payment"), method=ibis.literal("1_allocation"),
    )  # fmt: skip


def _payment_claims(facts: Facts, cash: ir.Table, as_of: Any) -> ir.Table:
    a = facts["allocation"]
    a = a.filter(a.allocated_on <= as_of).select("party_id", "connection", id=a.payment_id)
    c = cash.filter(cash.left > 0, cash.to_id.notnull()).anti_join(a, list(_INVOICE_KEY))
    return c.select(
        *_INVOICE_KEY, "to_connection", "to_id", amount=c.left, moment=c.value_date,
        settled_on=c.value_date, entity=ibis.literal("payment"), method=ibis.literal("2_named"),
    )  # fmt: skip


def _still_open(
    invoices: ir.Table, cash: ir.Table, applied: list[ir.Table]
) -> tuple[ir.Table, ir.Table]:
    """What is left on both sides after some rounds: cash (left > 0) and rooms of its parties."""
    done = union_all(applied)
    left = _remaining_cash(cash, done)
    left = left.filter(left.left > 0)
    parties = left.select("party_id").distinct()
    rooms = invoices.semi_join(parties, "party_id")
    taken = done.group_by(*_INVOICE_KEY).agg(taken=money(done.applied.sum()))
    rooms = join_left(rooms, taken, _INVOICE_KEY)
    rooms = rooms.mutate(room=money(rooms.room - ibis.coalesce(rooms.taken, zero())))
    return left, rooms.filter(rooms.room > 0)


def _remaining_cash(cash: ir.Table, done: ir.Table) -> ir.Table:
    paid = done.filter(done.entity == "payment")
    used = paid.group_by("party_id", "from_connection", "from_id").agg(
        used=money(paid.applied.sum())
    )
    t = join_left(cash, used.rename(connection="from_connection", id="from_id"), _INVOICE_KEY)
    return t.mutate(left=money(t.left - ibis.coalesce(t.used, zero()))).drop("used")


def _sides(left: ir.Table, rooms: ir.Table) -> tuple[ir.Table, ir.Table]:
    sources = left.select(
        *_INVOICE_KEY, "currency", "seller", amount=left.left, moment=left.value_date,
        settled_on=left.value_date,
    )  # fmt: skip
    sinks = rooms.select(
        *_INVOICE_KEY, "currency", "seller", amount=rooms.room, moment=rooms.due_date,
        invoice_date=rooms.invoice_date,
    )  # fmt: skip
    return sources, sinks


def _derived(t: ir.Table, rooms: ir.Table, method: str) -> ir.Table:
    dates = rooms.select(*_INVOICE_KEY, "invoice_date")
    t = join_left(t, dates, _INVOICE_KEY)
    t = t.mutate(entity=ibis.literal("payment"), method=ibis.literal(method))
    return _application(t, t.applied)


def _equal_amounts(invoices: ir.Table, cash: ir.Table, applied: list[ir.Table]) -> ir.Table:
    """One payment, one invoice, the same amount: k-th payment to k-th due invoice."""
    left, rooms = _still_open(invoices, cash, applied)
    sources, sinks = _sides(left, rooms)
    on = ["party_id", "currency", "seller"]
    found = pair(sources, sinks, on=on, carry=["settled_on"])
    dated = join_left(found, rooms.select(*_INVOICE_KEY, "invoice_date"), _INVOICE_KEY)
    found = dated.filter(dated.invoice_date <= dated.settled_on).drop("invoice_date")
    return _derived(found, rooms, "equal_amount")


def _oldest_first(
    invoices: ir.Table, cash: ir.Table, applied: list[ir.Table], *, by_seller: bool
) -> ir.Table:
    """The rest runs through the invoices from the oldest due date on.

    With `by_seller` cash stays with its selling company; without, only cash that names none.
    """
    left, rooms = _still_open(invoices, cash, applied)
    sources, sinks = _sides(left, rooms)
    on = ["party_id", "currency", "seller"] if by_seller else ["party_id", "currency"]
    if not by_seller:
        sources = sources.filter(sources.seller == "")
    found = pour(sources, sinks, on=on, carry=["settled_on"])
    return _derived(found, rooms, "oldest_first")


def _with_open(invoices: ir.Table, applied: ir.Table) -> ir.Table:
    """Invoices with what is open: nothing when cleared, the source's figure, else the rest."""
    taken = applied.group_by(*_INVOICE_KEY).agg(taken=money(applied.applied.sum()))
    t = join_left(invoices, taken, _INVOICE_KEY)
    derived = money(t.amount - ibis.coalesce(t.taken, zero()))
    left = when(
        (t.cleared, zero()),
        (t.given.notnull(), ibis.greatest(t.given, zero())),
        otherwise=derived,
    )
    return t.mutate(open=money(left)).drop("taken")


def _cleared_rest(invoices: ir.Table, applied: ir.Table) -> ir.Table:
    """What was cleared without a payment we know of counts as paid on the clearing day."""
    taken = applied.group_by(*_INVOICE_KEY).agg(taken=money(applied.applied.sum()))
    t = join_left(invoices.filter(invoices.cleared), taken, _INVOICE_KEY)
    rest = money(t.amount - ibis.coalesce(t.taken, zero()))
    return t.select(
        *_INVOICE_KEY, from_connection=t.connection, from_id=t.id, entity=ibis.literal("payment"),
        method=ibis.literal("cleared"), applied=rest, settled_on=t.cleared_date,
    ).filter(rest > 0)  # fmt: skip


def _credit_left(credits: ir.Table, applied: ir.Table) -> ir.Table:
    """Credit notes with what is still unused."""
    used = applied.filter(applied.entity != "payment")
    spent = used.group_by("party_id", "from_connection", "from_id", "entity").agg(
        spent=money(used.applied.sum())
    )
    spent = spent.rename(connection="from_connection", id="from_id")
    t = join_left(credits, spent, [*_INVOICE_KEY, "entity"])
    rest = money(t.amount - ibis.coalesce(t.spent, zero()))
    return t.mutate(left=money(ibis.coalesce(t.given, rest))).drop("spent")


def _cash_left(cash: ir.Table, applied: ir.Table) -> ir.Table:
    """Payments with what found no invoice; returned ones negative."""
    left = _remaining_cash(cash, applied)
    return left.filter(left.left != 0)
