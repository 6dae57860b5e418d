"""guarantee_expiring (early-warning indicator EW15).

Finds: guarantees in force whose last day comes near.
Value: how many of the policy's warning days before the end have come (1, 2, 3).
Steps: that number; the days themselves stand in `collateral.guarantees.alert_days`.
Quiet when: no guarantee ends within the first warning days, or nothing is left to secure.
Way back: extend the guarantee, replace it, or let the exposure fall.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="guarantee_expiring",
    unit="count",
    owner="credit",
    evidence="guarantees",
    name="Guarantee ends soon",
    text="A guarantee ends on {valid_to}; what is owed needs it until {needed_until}.",
    playbook="Ask for an extension or another security before the next delivery.",
    closes="The guarantee is extended or replaced, or nothing is left to secure.",
    customer="Your guarantee ends on {valid_to}.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with exposure that a guarantee secures for not much longer."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.guarantee_expiry_stage.cast("decimal(18, 4)"),
        amount=t.guarantees_expiring, only=t.net_exposure > 0,
        params={
            "needed_until": ibis.coalesce(date_text(t.guarantee_needed_until), "–"),
            "valid_to": date_text(t.guarantee_next_expiry),
        },
    )  # fmt: skip
