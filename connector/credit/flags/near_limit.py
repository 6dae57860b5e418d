"""near_limit (early-warning indicator EW04, without the five days in a row).

Finds: an exposure close below the approved limit.
Value: utilisation, a fraction.
Steps: that fraction; above 1.0 the flag over_limit speaks instead.
Quiet when: no limit, unlimited, or over the limit.
Way back: pay, or a higher limit.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="near_limit",
    unit="ratio",
    owner="sales",
    evidence="open",
    name="Close to the limit",
    text="More than {threshold} of the credit limit is used: little is left.",
    playbook="Plan the next orders with what is left, or request a higher limit in time.",
    closes="Less of the limit is used.",
    customer="More than {threshold} of the credit limit is used: little is left.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties that used up nearly all of their limit."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.utilisation, amount=t.net_exposure,
        only=t.utilisation <= 1,
    )  # fmt: skip
