"""order_spike (early-warning indicator EW09, vector EWI-ORDERSPIKE).

Finds: orders far above the customer's usual month while it pays later than before.
Value: (orders of the last 30 days − usual month) ÷ their spread over the twelve months before.
Steps: that number.
Quiet when: payments do not come later; the orders do not reach back twelve months; a bulk order
whose delivery is spread over months is no spike by itself.
Way back: none at once; payments that come as early as before.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer
from connector.domain.decision import TOTAL

CARD = FlagCard(
    code="order_spike",
    unit="number",
    owner="sales",
    evidence="orders",
    name="Orders jump while payments slow",
    text="Orders are far above the usual month while payments come later than before.",
    playbook="Ask why: others may have stopped supplying. Deliver against payment until then.",
    closes="The orders are usual again, or payments come as early as before.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose orders jump while payment slows."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.order_score, amount=t.orders_recent,
        only=(t.dbt_trend > 0) & (t.selling_company == TOTAL),
    )  # fmt: skip
