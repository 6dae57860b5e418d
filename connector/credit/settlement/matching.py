"""Which payment settled which invoice, and what is left open on either side.

Order of matching: what the source or the payment says (allocation, named invoice, credit note),
then equal amounts one to one, then oldest due first. The last two are derived and marked so. No
invoice takes more than its amount; what finds no invoice stays visible as unapplied cash.

An invoice's `room` is what payments may still explain: its amount, or the settled part when the
source keeps an open amount. Everything dated after the valuation date is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    join_left,
    money,
    union_all,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.policy.document import PolicyDoc
from connector.credit.program import Builder
from connector.credit.settlement.bills import money_received
from connector.credit.settlement.documents import (
    DOCUMENT_KEY,
    cash_of,
    credit_notes,
    hits_by_number,
    only_seller,
    posted_invoices,
)
from connector.credit.settlement.due_dates import agreed_terms
from connector.credit.settlement.pouring import pair, pour
from connector.credit.settlement.schedules import parts_of, stated_parts

DERIVED = ("equal_amount", "oldest_first")
"""Ways of matching that we conclude ourselves."""


@dataclass(frozen=True)
class Settled:
    """The outcome: applications with dates, what is open of invoices, credits and cash left over.

    `invoices` are all posted ones, `open_invoices` those with something open, as `open`. `derived`
    are the applications that we concluded ourselves, of those in `applied`. `parts`: of the
    invoices that fall due in parts, see `schedules.parts_of`.
    """

    invoices: ir.Table
    open_invoices: ir.Table
    applied: ir.Table
    derived: ir.Table
    credits: ir.Table
    cash: ir.Table
    parts: ir.Table


def settle(stage: Builder, facts: Facts, policy: PolicyDoc) -> Settled:
    """Match credit notes, allocations and payments to invoices as known at the valuation date."""
    as_of = facts.as_of
    agreed = stage.keep("agreed", agreed_terms(facts, policy))
    stated = stage.keep("stated_parts", stated_parts(facts, policy, agreed))
    parts = stage.keep("parts", parts_of(facts, policy, agreed, stated))
    invoices = stage.keep("invoices", posted_invoices(facts, policy, agreed, parts))
    seller = stage.keep("seller", only_seller(invoices))
    credits = stage.keep("credits", credit_notes(facts, as_of, seller))
    cash = cash_of(stage, facts, invoices, money_received(facts, policy), seller)
    named = stage.keep("named", _named(facts, invoices, credits, cash, as_of, policy))
    loose = stage.keep("loose_cash", _unspent(cash, named).filter(lambda t: t.left != 0))
    derived = _derived_matches(stage, invoices, named, loose, policy)
    stated_or_derived = union_all([named, *derived])
    cleared = stage.keep("cleared_rest", _cleared_rest(invoices, stated_or_derived))
    return Settled(
        invoices,
        stage.keep("open_invoices", open_of(invoices, stated_or_derived)),
        union_all([named, *derived, cleared]),
        union_all([*derived, cleared]),
        stage.keep("credit_left", _credit_left(credits, named)),
        stage.keep("cash_left", _spent_by(loose, derived).filter(lambda t: t.left != 0)),
        parts,
    )


def open_of(invoices: ir.Table, applied: ir.Table) -> ir.Table:
    """Invoices of which something is open: the source's figure, else what nothing was applied to.

    What is cleared has nothing open.
    """
    taken = applied.group_by(*DOCUMENT_KEY).agg(taken=money(applied.applied.sum()))
    t = join_left(invoices, taken, DOCUMENT_KEY)
    rest = money(t.amount - ibis.coalesce(t.taken, zero()))
    t = t.mutate(open=money(ibis.ifelse(t.given.notnull(), t.given, rest))).drop("taken")
    return t.filter(~t.cleared, t.open > 0)


def _derived_matches(
    stage: Builder, invoices: ir.Table, named: ir.Table, loose: ir.Table, policy: PolicyDoc
) -> list[ir.Table]:
    """Stages of what the policy's derived methods match, each with what those before it left.

    `loose` is the cash that nobody told the use of. Few customers have any, so only their invoices
    are looked at.
    """
    asked = [method for method in policy.matching if method in DERIVED]
    if not asked:
        return []
    owners = loose.filter(loose.left > 0).select("party_id").distinct()
    rooms = stage.keep("rooms", _rooms_left(invoices.semi_join(owners, "party_id"), named))
    found: list[ir.Table] = []

    def sides() -> tuple[ir.Table, ir.Table]:
        left = _spent_by(loose, found)
        return left.filter(left.left > 0), _rooms_left(rooms, *found)

    for method in asked:
        if method == "equal_amount":
            found.append(stage.keep(method, _equal_amounts(*sides())))
        else:
            found.append(stage.keep(method, _oldest_first(*sides(), by_seller=True)))
            found.append(stage.keep("oldest_any_seller", _oldest_first(*sides(), by_seller=False)))
    return found


def _named(
    facts: Facts, invoices: ir.Table, credits: ir.Table, cash: ir.Table, as_of: Any, policy: Any
) -> ir.Table:
    """Applications that somebody stated, credit notes first, never beyond an invoice's room."""
    claims = [_credit_claims(credits, invoices), _allocation_claims(facts, cash, as_of)]
    if "named" in policy.matching:
        claims.append(_payment_claims(facts, cash, as_of))
    c = union_all(claims)
    rooms = invoices.select(*DOCUMENT_KEY, "room", "due_date", "invoice_date")
    totals = c.group_by("party_id", "to_connection", "to_id").agg(claimed=money(c.amount.sum()))
    totals = totals.rename(connection="to_connection", id="to_id")
    rooms = rooms.inner_join(totals, list(DOCUMENT_KEY))
    c = c.rename(from_connection="connection", from_id="id", connection="to_connection", id="to_id")
    plain = c.inner_join(rooms.filter(rooms.claimed <= rooms.room), list(DOCUMENT_KEY))
    fits = _application(plain, plain.amount)
    tight = rooms.filter(rooms.claimed > rooms.room)
    sources = c.mutate(to_connection=c.connection, to_id=c.id).drop("connection", "id")
    sources = sources.rename(connection="from_connection", id="from_id")
    sinks = tight.select(
        *DOCUMENT_KEY, to_connection=tight.connection, to_id=tight.id, amount=tight.room,
        moment=tight.due_date, invoice_date=tight.invoice_date,
    )  # fmt: skip
    on = ["party_id", "to_connection", "to_id"]
    cut = pour(sources, sinks, on=on, carry=["entity", "method", "settled_on"])
    cut = join_left(cut, rooms.select(*DOCUMENT_KEY, "invoice_date"), DOCUMENT_KEY)
    return union_all([fits, _application(cut, cut.applied)])


def _application(t: ir.Table, applied: Any) -> ir.Table:
    return t.select(
        "party_id", "connection", "id", "from_connection", "from_id", "entity", "method",
        applied=money(applied), settled_on=ibis.greatest(t.settled_on, t.invoice_date),
    )  # fmt: skip


def _credit_claims(credits: ir.Table, invoices: ir.Table) -> ir.Table:
    c = credits.filter(credits.invoice_number.notnull())
    c = hits_by_number(c.mutate(moment=c.issue_date), invoices)
    usable = ibis.ifelse(c.given.isnull(), c.amount, ibis.greatest(c.amount - c.given, zero()))
    return c.select(
        *DOCUMENT_KEY, to_connection=c.hit_connection, to_id=c.hit_id, amount=money(usable),
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
    c = cash.filter(cash.left > 0, cash.to_id.notnull()).anti_join(a, list(DOCUMENT_KEY))
    return c.select(
        *DOCUMENT_KEY, "to_connection", "to_id", amount=c.left, moment=c.value_date,
        settled_on=c.value_date, entity=ibis.literal("payment"), method=ibis.literal("2_named"),
    )  # fmt: skip


def _rooms_left(rooms: ir.Table, *applied: ir.Table) -> ir.Table:
    """Invoices that payments may still explain, with what is left of their room."""
    if not applied:
        return rooms
    done = union_all(applied).semi_join(rooms.select("party_id").distinct(), "party_id")
    taken = done.group_by(*DOCUMENT_KEY).agg(taken=money(done.applied.sum()))
    t = join_left(rooms, taken, DOCUMENT_KEY)
    t = t.mutate(room=money(t.room - ibis.coalesce(t.taken, zero()))).drop("taken")
    return t.filter(t.room > 0)


def _spent_by(cash: ir.Table, applied: list[ir.Table]) -> ir.Table:
    return _unspent(cash, union_all(applied)) if applied else cash


def _unspent(cash: ir.Table, done: ir.Table) -> ir.Table:
    """Cash with what applications leave of it; nothing is left beyond what was used up."""
    paid = done.filter(done.entity == "payment")
    used = paid.group_by("party_id", "from_connection", "from_id").agg(
        used=money(paid.applied.sum())
    )
    t = join_left(cash, used.rename(connection="from_connection", id="from_id"), DOCUMENT_KEY)
    rest = ibis.greatest(money(t.left - t.used), zero())
    return t.mutate(left=ibis.ifelse(t.used.isnull(), t.left, rest)).drop("used")


def _sides(left: ir.Table, rooms: ir.Table) -> tuple[ir.Table, ir.Table]:
    sources = left.select(
        *DOCUMENT_KEY, "currency", "seller", amount=left.left, moment=left.value_date,
        settled_on=left.value_date,
    )  # fmt: skip
    sinks = rooms.select(
        *DOCUMENT_KEY, "currency", "seller", amount=rooms.room, moment=rooms.due_date,
        invoice_date=rooms.invoice_date,
    )  # fmt: skip
    return sources, sinks


def _derived(t: ir.Table, rooms: ir.Table, method: str) -> ir.Table:
    dates = rooms.select(*DOCUMENT_KEY, "invoice_date")
    t = join_left(t, dates, DOCUMENT_KEY)
    t = t.mutate(entity=ibis.literal("payment"), method=ibis.literal(method))
    return _application(t, t.applied)


def _equal_amounts(left: ir.Table, rooms: ir.Table) -> ir.Table:
    """One payment, one invoice, the same amount: k-th payment to k-th due invoice."""
    sources, sinks = _sides(left, rooms)
    on = ["party_id", "currency", "seller"]
    found = pair(sources, sinks, on=on, carry=["settled_on"])
    dated = join_left(found, rooms.select(*DOCUMENT_KEY, "invoice_date"), DOCUMENT_KEY)
    found = dated.filter(dated.invoice_date <= dated.settled_on).drop("invoice_date")
    return _derived(found, rooms, "equal_amount")


def _oldest_first(left: ir.Table, rooms: ir.Table, *, by_seller: bool) -> ir.Table:
    """The rest runs through the invoices from the oldest due date on.

    With `by_seller` cash stays with its selling company; without, only cash that names none.
    """
    sources, sinks = _sides(left, rooms)
    on = ["party_id", "currency", "seller"] if by_seller else ["party_id", "currency"]
    if not by_seller:
        sources = sources.filter(sources.seller == "")
    found = pour(sources, sinks, on=on, carry=["settled_on"])
    return _derived(found, rooms, "oldest_first")


def _cleared_rest(invoices: ir.Table, applied: ir.Table) -> ir.Table:
    """What was cleared without a payment we know of counts as paid on the clearing day."""
    taken = applied.group_by(*DOCUMENT_KEY).agg(taken=money(applied.applied.sum()))
    t = join_left(invoices.filter(invoices.cleared), taken, DOCUMENT_KEY)
    rest = money(t.amount - ibis.coalesce(t.taken, zero()))
    return t.select(
        *DOCUMENT_KEY, from_connection=t.connection, from_id=t.id, entity=ibis.literal("payment"),
        method=ibis.literal("cleared"), applied=rest, settled_on=t.cleared_date,
    ).filter(rest > 0)  # fmt: skip


def _credit_left(credits: ir.Table, applied: ir.Table) -> ir.Table:
    """Credit notes with what is still unused."""
    used = applied.filter(applied.entity != "payment")
    spent = used.group_by("party_id", "from_connection", "from_id", "entity").agg(
        spent=money(used.applied.sum())
    )
    spent = spent.rename(connection="from_connection", id="from_id")
    t = join_left(credits, spent, [*DOCUMENT_KEY, "entity"])
    rest = money(t.amount - ibis.coalesce(t.spent, zero()))
    return t.mutate(left=money(ibis.coalesce(t.given, rest))).drop("spent")
