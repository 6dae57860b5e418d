"""Bills as receipts: a bill settles the invoice on the day it is received, until it is dishonoured.

What a bill still puts at risk is told by `metrics/bills.py`.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import joined, union_all
from connector.credit.facts import Facts
from connector.credit.policy.document import PolicyDoc

MARK = "bill/"
"""Begins the id of a receipt that is a bill, so that it meets no payment's."""

READ = (
    "party_id", "connection", "id", "number", "currency", "amount", "value_date", "invoice_number",
    "invoice_id", "selling_company",
)  # fmt: skip
"""What settlement reads of a receipt."""


def bills_at(facts: Facts) -> ir.Table:
    """Bills received up to the valuation date; a state that began later is not known yet."""
    b = facts["bill"]
    received = ibis.coalesce(b.received_on, b.issued_on)
    later = (b.state_since > facts.as_of).fill_null(False)
    b = b.mutate(received_on=received, state=ibis.ifelse(later, "held", b.state))
    return b.filter(b.amount > 0, b.received_on.isnull() | (b.received_on <= facts.as_of))


def money_received(facts: Facts, policy: PolicyDoc) -> ir.Table:
    """Payments, and bills as payments of the day they were received (READ).

    A bill that was dishonoured or given back pays nothing. A bill that the books hold as a payment
    too (same number, or same amount on the same day) is the same receipt and counts once.
    """
    payments = facts["payment"].select(*READ)
    if not policy.collateral.bills.settle:
        return payments
    b = bills_at(facts)
    b = b.filter(~b.state.isin(["dishonoured", "returned"]), b.received_on.notnull())
    near = payments.semi_join(b, "party_id")
    b = b.mutate(value_date=b.received_on)
    b = b.anti_join(near, ["party_id", "currency", "amount", "value_date"])
    b = b.anti_join(near, ["party_id", "currency", "number"])
    bills = b.mutate(id=joined([ibis.literal(MARK), b.id]), invoice_id=ibis.null("string"))
    return union_all([payments, bills.select(*READ)])
