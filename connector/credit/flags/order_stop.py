"""order_stop (early-warning indicator EW10).

Finds: a buyer that ordered every month and has stopped.
Value: days since the last order.
Steps: that number of days.
Quiet when: it did not order in `behaviour.orders.regular_months` months in a row before.
Way back: an order.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer
from connector.domain.decision import TOTAL

CARD = FlagCard(
    code="order_stop",
    unit="days",
    owner="sales",
    evidence="orders",
    name="Orders stopped",
    text="A customer that ordered every month has not ordered since {last_order}.",
    playbook="Visit the customer: it buys elsewhere, or it does not sell. Collect what is owed.",
    closes="The customer orders again.",
)


def find(context: FlagContext) -> ir.Table:
    """Regular buyers without an order for longer than a step."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.order_gap_days, amount=t.orders_before,
        only=t.selling_company == TOTAL, params={"last_order": date_text(t.last_order)},
    )  # fmt: skip
