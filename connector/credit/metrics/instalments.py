"""Invoices that fall due in parts are aged, and their payments measured, part by part.

What is settled fills the earliest part first, so that what is open lies in the latest ones. What is
in dispute lies at the end of what is open, because the undisputed part has to be paid on its day.
An invoice in parts is as many open items as parts of it are open, all with the invoice's id; `part`
counts them from 1 and is 0 for an invoice that is due as a whole.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import convert, days_between, join_left, money, zero
from connector.credit.settlement.due_dates import DOCUMENT_KEY

KEY = list(DOCUMENT_KEY)
_APPLICATION = [*KEY, "from_connection", "from_id", "entity", "method"]


def _laid_out(parts: ir.Table) -> ir.Table:
    """Parts with where they begin and end in the invoice's amount, and what comes after them."""
    group = [parts[name] for name in KEY]
    to_here = ibis.window(group_by=group, order_by=parts.part, preceding=None, following=0)
    end = money(parts.amount.sum().over(to_here))
    whole = parts.amount.sum().over(ibis.window(group_by=group))
    return parts.select(
        *KEY, "part", part_due=parts.due_date, part_basis=parts.basis, part_amount=parts.amount,
        part_start=money(end - parts.amount), part_end=end, later=money(whole - end),
    )  # fmt: skip


def open_parts(invoices: ir.Table, parts: ir.Table) -> ir.Table:
    """Settled invoices with an open amount, one row a part that is open.

    `amount`, `open`, `disputed_part`, `due_date` and `due_basis` are the part's; what a source says
    is open beyond the invoice's amount belongs to the first part.
    """
    t = join_left(invoices.filter(invoices.open > 0), _laid_out(parts), KEY)
    behind = ibis.least(t.open, t.later)
    rest = money(t.open - behind)
    open_part = ibis.ifelse(t.part == 1, rest, ibis.least(rest, t.part_amount))
    disputed = ibis.greatest(ibis.least(t.disputed_part, t.open), zero())
    in_part = ibis.greatest(ibis.least(money(disputed - behind), open_part), zero())
    whole = t.part.isnull()
    t = t.mutate(
        amount=ibis.ifelse(whole, t.amount, t.part_amount),
        open=money(ibis.ifelse(whole, t.open, open_part)),
        disputed_part=money(ibis.ifelse(whole, t.disputed_part, in_part)),
        due_date=ibis.coalesce(t.part_due, t.due_date),
        due_basis=ibis.coalesce(t.part_basis, t.due_basis),
        part=ibis.coalesce(t.part, 0),
    )
    return t.filter(t.open > 0).select(*invoices.columns, "part")


def payments_by_part(
    applied: ir.Table, invoices: ir.Table, opened: ir.Table, parts: ir.Table
) -> ir.Table:
    """Applications to invoices in parts, cut where one part ends and the next begins.

    In the order in which they settled; what was settled without a document we know came first.
    `opened` are the invoices with an open amount. One row an application and part: its key, `piece`
    in document currency, `part_due`.
    """
    keys = parts.select(*KEY).distinct()
    a = applied.semi_join(keys, KEY)
    i = invoices.semi_join(keys, KEY)
    i = join_left(i, opened.select(*KEY, "open"), KEY)
    a = a.inner_join(i.select(*KEY, settled=money(i.amount - ibis.coalesce(i.open, zero()))), KEY)
    group = [a[name] for name in KEY]
    order = [a.settled_on, a.from_connection, a.from_id, a.entity, a.method]
    to_here = ibis.window(group_by=group, order_by=order, preceding=None, following=0)
    unknown = a.settled - a.applied.sum().over(ibis.window(group_by=group))
    a = a.mutate(
        paid_end=money(a.applied.sum().over(to_here) + ibis.greatest(unknown, 0)),
    )
    t = a.inner_join(_laid_out(parts), KEY)
    paid_start = money(t.paid_end - t.applied)
    piece = ibis.least(t.paid_end, t.part_end) - ibis.greatest(paid_start, t.part_start)
    return t.filter(piece > 0).select(*_APPLICATION, "part_due", piece=money(piece))


def with_part_days(seen: ir.Table, pieces: ir.Table) -> ir.Table:
    """Observed payments, those of invoices in parts measured against each part's own due date."""
    t = join_left(seen, pieces, _APPLICATION)
    applied = ibis.coalesce(t.piece, t.applied)
    due = ibis.coalesce(t.part_due, t.due_date)
    changes: dict[str, Any] = {
        "applied": applied,
        "due_date": due,
        "base": convert(applied, t.rate),
        "days_beyond": days_between(t.settled_on, due).cast("int32"),
    }
    return t.select(**{name: changes.get(name, t[name]) for name in seen.columns})
