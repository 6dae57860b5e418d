"""disputes_high (early-warning indicator EW07 as a level).

Finds: a large part of the receivables is in dispute.
Value: disputed ÷ open receivables, a fraction.
Steps: that fraction.
Quiet when: the disputed amount lies below the materiality floor.
Way back: settle the disputes.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="disputes_high",
    unit="ratio",
    owner="sales",
    evidence="disputed",
    name="Many disputes",
    text="More than {threshold} of what is owed is in dispute.",
    playbook="Settle each dispute with whoever can: quality, price, quantity or paperwork.",
    closes="The disputes are closed.",
    customer="Some invoices are in dispute: let us settle them together.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose disputed share passed a step."""
    t = context.parties
    return answer(t, CARD, context.rule, value=t.dispute_ratio, amount=t.disputed)
