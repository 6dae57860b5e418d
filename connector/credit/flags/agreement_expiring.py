"""agreement_expiring (early-warning indicator EW15).

Finds: a credit agreement whose last day comes near while something is owed or ordered.
Value: how many of the policy's warning days before the end have come (1, 2, 3).
Steps: that number; the days themselves stand in `terms.alert_days`.
Quiet when: another agreement of the kind follows or runs without end, nothing is owed, or for the
rows of single selling companies.
Way back: sign the next agreement.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer
from connector.domain.decision import TOTAL

CARD = FlagCard(
    code="agreement_expiring",
    unit="count",
    owner="sales",
    evidence="agreements",
    name="Agreement ends soon",
    text="A credit agreement ends on {valid_to}.",
    playbook="Prepare the next agreement, so that terms and late interest stay agreed.",
    closes="An agreement that runs longer is on file.",
    customer="Our agreement ends on {valid_to}.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with exposure under an agreement that ends within the warning days."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.agreement_expiry_stage.cast("decimal(18, 4)"),
        amount=t.net_exposure, only=t.selling_company == TOTAL,
        params={"valid_to": date_text(t.agreement_valid_to)},
    )  # fmt: skip
