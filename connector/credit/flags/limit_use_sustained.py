"""limit_use_sustained (early-warning indicator EW04, vector EWI-UTIL).

Finds: a limit that has been almost used up on several observed days in a row, not just on one.
Value: observed days in a row above the policy's line (`behaviour.streak.above`), today included.
Steps: that number of days.
Quiet when: one observed day lay at or below the line; no limit, or an unlimited one.
Way back: less use of the limit on one day.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="limit_use_sustained",
    unit="count",
    owner="sales",
    evidence="open",
    name="Limit used up for days",
    text="The credit limit has been almost used up on more than {threshold} days in a row.",
    playbook="Ask what the customer plans; request a higher limit or a payment before it stops.",
    closes="On one day less of the limit is used.",
    customer="The credit limit has been almost used up for some time.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties that stayed close to their limit for longer than a step."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.high_use_days.cast("decimal(18, 4)"), amount=t.net_exposure
    )
