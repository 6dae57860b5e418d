"""payment_method_change (early-warning indicator EW17).

Finds: payments that were sent back, or bills in place of transfers, where that is a new pattern.
Value: 2 a payment was sent back, 1 bills arrived, which had not happened in the year before.
Steps: above 0 and above 1 give the severity of the two cases.
Quiet when: fewer receipts in the year before than `min_items`, or it was always so.
Way back: transfers that stay.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="payment_method_change",
    unit="count",
    owner="finance",
    evidence="new_payments",
    name="New way of paying",
    text="Payments were sent back, or bills came in place of transfers, for the first time.",
    playbook="Ask the customer's finance why; a bill is paid only when its acceptor pays.",
    closes="No payment was sent back and no bill arrived for three months.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties that began to pay in a worse way."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.payment_change.cast("decimal(18, 4)"),
        amount=t.bills_amount + t.returned_amount,
        only=t.receipts_before >= context.rule.min_items,
    )  # fmt: skip
