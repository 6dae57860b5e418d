"""dispute_jump (early-warning indicator EW07).

Finds: a disputed share that grew quickly.
Value: disputed share of the receivables today less the share `behaviour.disputes.change_days` ago,
a fraction; both from disputes that have a day, so a change of an undated mark is no jump.
Steps: that difference.
Quiet when: fewer disputes were raised in that time than `min_items`, or little is disputed.
Way back: settle the disputes.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="dispute_jump",
    unit="ratio",
    owner="sales",
    evidence="disputes",
    name="Disputes jump",
    text="The disputed part of what is owed rose by more than {threshold} in a short time.",
    playbook="Find out whether the goods or the money are the reason; settle what is justified.",
    closes="The disputes are closed, or the share no longer grows.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose disputed share grew by more than a step."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.dispute_change, amount=t.disputed_now,
        only=t.disputes_recent >= context.rule.min_items,
    )  # fmt: skip
