"""inactive_then_large: a large order after a long pause.

Finds: a customer that did not order for a long time and comes back with its largest order.
Value: largest order of the last 30 days ÷ largest order before the pause.
Steps: that number; 1 means as large as ever before.
Quiet when: the pause was shorter than `behaviour.orders.dormant_days`, or it never ordered before.
Way back: none; look who orders and pays before delivering.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer
from connector.domain.decision import TOTAL

CARD = FlagCard(
    code="inactive_then_large",
    unit="number",
    owner="credit",
    evidence="orders",
    name="Large order after a pause",
    text="After a long pause the customer ordered more than ever before (on {last_order}).",
    playbook="Check who ordered and who pays: register, address, phone. Ask for a deposit.",
    closes="The order is more than a month old.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties that come back with a large order."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.order_after_pause, amount=t.largest_recent,
        only=t.selling_company == TOTAL, params={"last_order": date_text(t.last_order)},
    )  # fmt: skip
