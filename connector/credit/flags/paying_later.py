"""paying_later (early-warning indicator EW02, vector EWI-TREND).

Finds: a party that pays later than it used to.
Value: weighted days beyond terms of the recent window (open overdue items at their present age
included) less those of the window before, in days.
Steps: that difference in days.
Quiet when: fewer recent items than `min_items`, or nothing to compare with.
Way back: none at once; it takes punctual payments.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="paying_later",
    unit="days",
    owner="sales",
    evidence="late_paid",
    name="Paying later",
    text="Invoices are paid more than {threshold} later than before.",
    playbook="Ask what has changed, and whether terms have to be changed too.",
    closes="Payments come as early as before.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose days beyond terms rose by more than a step."""
    t = context.parties
    amount = t.recent_amount + t.overdue_undisputed
    return answer(
        t, CARD, context.rule, value=t.dbt_recent - t.dbt_before, amount=amount,
        only=t.recent_items >= context.rule.min_items,
    )  # fmt: skip
