"""The documents behind a reason: at most ten of each kind for a party's total row."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import money, union_all, when
from connector.credit.flags import FLAGS, flag_card
from connector.credit.metrics.party import KEY, Book
from connector.credit.policy.document import PolicyDoc
from connector.credit.settlement.bills import MARK as BILL
from connector.domain.decision import TOTAL

MOST = 10
"""Documents shown for one reason."""

_BY_METRIC = {
    "overdue_ratio": "overdue",
    "overdue_ratio_undisputed": "overdue",
    "overdue_ratio_past_grace": "overdue",
    "oldest_overdue_days": "overdue",
    "average_days_past_due": "overdue",
    "dispute_ratio": "disputed",
    "utilisation": "open",
    "dso": "open",
    "dso_countback": "open",
    "dbt": "late_paid",
    "dbt_floored": "late_paid",
    "dbt_with_open": "late_paid",
    "dbt_trend": "late_paid",
    "unapplied_ratio": "cash",
}
_OF_CONDITIONS = {
    "open_receivables": "open", "open_items": "open", "net_exposure": "open",
    "overdue": "overdue", "overdue_undisputed": "overdue", "oldest_due_date": "overdue",
    "disputed": "disputed", "disputes_open": "disputes", "dispute_change": "disputes",
    "promises_broken": "promises", "promise_kept_ratio": "promises", "orders_recent": "orders",
    "order_ratio": "orders", "order_score": "orders", "opportunity_amount": "opportunities",
    "unapplied_cash": "cash", "event_severity": "event", "bureau_score": "bureau",
    "bureau_change": "bureau", "statement_equity": "statement", "weak_signs": "statement",
    "guarantees_effective": "guarantees", "insured_limit": "insured_limits",
    "bills_dishonoured": "bills_dishonoured", "part_payments": "part_paid",
}  # fmt: skip
"""Documents behind further metrics, for the conditions of an admin."""


def find_evidence(book: Book, reasons: ir.Table, policy: PolicyDoc) -> ir.Table:
    """Documents of every flag and characteristic among the reasons (domain EVIDENCE)."""
    wanted = {code: kind for code in FLAGS if (kind := flag_card(code).evidence)}
    for line in policy.scorecard.characteristics:
        if line.metric in _BY_METRIC:
            wanted[line.id] = _BY_METRIC[line.metric]
    for condition in policy.raised_conditions:
        named = [part.metric or "" for part in condition.when.comparisons()]
        kinds = [(_BY_METRIC | _OF_CONDITIONS).get(name, "") for name in named]
        wanted[condition.flag] = next(filter(None, kinds), "")
    asked = reasons.filter(reasons.selling_company == TOTAL).select(*KEY, "code").distinct()
    kind = when(*((asked.code == code, name) for code, name in wanted.items()))
    asked = asked.mutate(kind=kind)
    kept = [_kept(t, name, asked) for name, t in book.documents.items() if name in wanted.values()]
    documents = union_all(
        [_overdue(book), _disputed(book), _largest(book), _late(book), _cash(book), *kept]
    )
    found = asked.inner_join(documents, ["party_id", "kind"])
    return found.order_by(*KEY, "code", "place", "record_id")


def _ranked(t: ir.Table, kind: str, entity: str, order: list[Any], amount: str) -> ir.Table:
    window = ibis.window(group_by=t.party_id, order_by=[*order, t.connection, t.id])
    t = t.mutate(place=ibis.row_number().over(window))
    t = t.filter(t.place < MOST)
    plain = {
        "kind": ibis.literal(kind), "entity": ibis.literal(entity) if entity else t.entity,
        "connection": t.connection,
        "record_id": t.id, "number": t.number, "currency": t.currency,
    }  # fmt: skip
    due_date = t.due_date if "due_date" in t.columns else ibis.null("date")
    return t.select("party_id", "place", **plain, amount=money(t[amount]), due_date=due_date)


def _kept(t: ir.Table, kind: str, asked: ir.Table) -> ir.Table:
    """Documents that an area of metrics knows, of the parties that are asked about."""
    t = t.semi_join(asked.filter(asked.kind == kind), "party_id")
    order = [t.weight.desc()]
    return _ranked(t, kind, "", order, amount="amount")


def _overdue(book: Book) -> ir.Table:
    t = book.items
    t = t.filter(t.days_past_due > 0, t.undisputed_open > 0)
    return _ranked(t, "overdue", "invoice", [t.due_date], amount="undisputed_open")


def _disputed(book: Book) -> ir.Table:
    t = book.items
    t = t.filter(t.disputed_open > 0)
    order = [t.base_disputed.desc()]
    return _ranked(t, "disputed", "invoice", order, amount="disputed_open")


def _largest(book: Book) -> ir.Table:
    t = book.items
    return _ranked(t, "open", "invoice", [t.base.desc()], amount="open")


def _late(book: Book) -> ir.Table:
    """Invoices paid late, the heaviest (amount × days) first."""
    t = book.seen
    t = t.filter(t.days_beyond > 0, t.base.notnull())
    t = t.group_by("party_id", "connection", "id", "number", "currency", "due_date").agg(
        applied=t.applied.sum(),
        harm=(t.base.cast("decimal(24, 4)") * t.days_beyond).sum(),
    )
    return _ranked(t, "late_paid", "invoice", [t.harm.desc()], amount="applied")


def _cash(book: Book) -> ir.Table:
    """Receipts that found no invoice; a bill is named by its own record."""
    t = book.cash
    t = t.filter(t.left > 0)
    is_bill = t.id.startswith(BILL)
    t = t.mutate(
        entity=ibis.ifelse(is_bill, "bill", "payment"),
        id=ibis.ifelse(is_bill, t.id.substr(len(BILL)), t.id),
    )
    return _ranked(t, "cash", "", [t.left.desc()], amount="left")
