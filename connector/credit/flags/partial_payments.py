"""partial_payments (early-warning indicator EW08).

Finds: a customer that pays its invoices only in part.
Value: receipts that paid only part of the invoice they name ÷ receipts of the window, a fraction.
Steps: that fraction.
Quiet when: fewer receipts than `min_items`; parts that were agreed (instalments, retention), what
a credit note took off, and bank charges are no part payments.
Way back: pay whole invoices.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="partial_payments",
    unit="ratio",
    owner="finance",
    evidence="part_paid",
    name="Part payments",
    text="More than {threshold} of the recent payments paid only part of an invoice.",
    playbook="Ask for the reason of each deduction: a dispute is registered, anything else is due.",
    closes="Most payments cover whole invoices again.",
    customer="Many recent payments covered only part of an invoice.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with many part payments."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.part_payment_share, amount=t.part_amount,
        only=t.receipts_recent >= context.rule.min_items,
    )  # fmt: skip
