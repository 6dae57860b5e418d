"""broken_promises (early-warning indicator EW06, vector PTP-1).

Finds: a customer that does not pay on the day it promised.
Value: broken promises of the window; where more than half of the promised amount stayed unpaid,
at least 2, because one large promise weighs more than two small ones.
Steps: that number.
Quiet when: fewer promises than `min_items` are due for judgement, or they were withdrawn.
Way back: keep the next promises; the broken ones leave the window.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

HALF = 2
"""Counts like so many broken promises: more than half of the amount was not paid."""

CARD = FlagCard(
    code="broken_promises",
    unit="count",
    owner="sales",
    evidence="promises",
    name="Broken promises",
    text="More than {threshold} promised payments did not come, or most of the promised amount.",
    playbook="Talk to somebody who can pay; take no further promise without a date and an amount.",
    closes="The last promises were kept.",
    customer="Promised payments have not arrived.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties that broke several promises, or a large one."""
    t = context.parties
    mostly = ibis.coalesce(t.promise_paid_share * 2 < 1, False) & (t.promises_broken > 0)
    broken = ibis.greatest(t.promises_broken, ibis.ifelse(mostly, HALF, 0))
    return answer(
        t, CARD, context.rule, value=broken.cast("decimal(18, 4)"), amount=t.promised_broken,
        only=t.promises_due >= context.rule.min_items,
    )  # fmt: skip
