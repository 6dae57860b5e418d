"""insured_limit_expiring (early-warning indicator EW15, credit insurance).

Finds: insured limits in force whose last day comes near.
Value: how many of the policy's warning days before the end have come (1, 2, 3).
Steps: that number; the days themselves stand in `terms.alert_days`.
Quiet when: no insured limit ends within the first warning days, or nothing is owed.
Way back: an extension by the insurer, or another security.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="insured_limit_expiring",
    unit="count",
    owner="credit",
    evidence="insured_limits",
    name="Insured limit ends soon",
    text="The insured limit ends on {valid_to}.",
    playbook="Ask the insurer for an extension: deliveries after that day are not insured.",
    closes="The insurer extends the limit, or nothing is owed.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with exposure whose insured limit ends soon."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.insured_limit_stage.cast("decimal(18, 4)"),
        amount=t.net_exposure, params={"valid_to": date_text(t.insured_limit_valid_to)},
    )  # fmt: skip
