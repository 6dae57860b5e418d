"""overdue_heavy (early-warning indicator EW03).

Finds: a large share of the receivables is overdue beyond the grace days, disputed items left out.
Value: overdue beyond grace ÷ open receivables, a fraction.
Steps: that fraction.
Quiet when: nothing is open, or the overdue amount lies below the materiality floor.
Way back: pay the oldest items until the share is below the first step.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="overdue_heavy",
    unit="ratio",
    owner="sales",
    evidence="overdue",
    name="Much overdue",
    text="More than {threshold} of what is owed is overdue.",
    playbook="Agree on a payment plan for the overdue invoices.",
    closes="The overdue share is back below the first step.",
    customer="More than {threshold} of what is owed is overdue.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose overdue share passed a step."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.overdue_ratio_past_grace, amount=t.overdue_past_grace,
    )  # fmt: skip
