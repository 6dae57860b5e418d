"""first_order_large: a new customer that begins with a large order.

Finds: an order of a new customer that takes much of its limit at once.
Value: largest order of the last 30 days ÷ limit in force, a fraction.
Steps: that fraction.
Quiet when: the customer is older than `behaviour.orders.new_customer_days`, or has no limit.
Way back: a deposit, or a smaller first delivery.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer
from connector.domain.decision import TOTAL

CARD = FlagCard(
    code="first_order_large",
    unit="ratio",
    owner="credit",
    evidence="orders",
    name="Large first order",
    text="A new customer placed an order of more than {threshold} of its limit.",
    playbook="Check register, address and references before delivering; ask for a deposit.",
    closes="The order is more than a month old, or the customer is no longer new.",
)


def find(context: FlagContext) -> ir.Table:
    """New parties with an order that is large against their limit."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.first_order_share, amount=t.largest_recent,
        only=t.selling_company == TOTAL,
    )  # fmt: skip
