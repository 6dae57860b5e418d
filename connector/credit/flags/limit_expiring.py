"""limit_expiring (early-warning indicator EW15).

Finds: a limit in force whose last day comes near while something is owed or ordered.
Value: how many of the policy's warning days before the end have come (1, 2, 3).
Steps: that number; the days themselves stand in `terms.alert_days`.
Quiet when: the limit has no last day or is unlimited in time, nothing is owed, or it has ended
already (then the flag no_valid_limit speaks).
Way back: decide the next limit.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="limit_expiring",
    unit="count",
    owner="credit",
    evidence="open",
    name="Limit ends soon",
    text="The credit limit ends on {valid_to}.",
    playbook="Review the customer and decide the next limit before the last day.",
    closes="The next limit is decided.",
    customer="Your credit limit ends on {valid_to}.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with exposure whose limit ends within the warning days."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.limit_expiry_stage.cast("decimal(18, 4)"),
        amount=t.net_exposure, only=(t.approved_state != "none") & ~t.expired,
        params={"valid_to": date_text(t.approved_valid_to)},
    )  # fmt: skip
