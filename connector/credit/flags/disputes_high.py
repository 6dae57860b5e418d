"""disputes_high (early-warning indicator EW07 as a level).

Finds: a large part of the receivables is in dispute.
Value: disputed ÷ open receivables, a fraction.
Steps: that fraction.
Quiet when: the disputed amount lies below the materiality floor.
Way back: settle the disputes.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagContext, answer

CODE = "disputes_high"
UNIT = "ratio"


def find(context: FlagContext) -> ir.Table:
    """Parties whose disputed share passed a step."""
    t = context.parties
    return answer(t, CODE, context.rule, value=t.dispute_ratio, amount=t.disputed, unit="ratio")
