"""opportunity_ahead: the limit would not suffice for what sales expects to win.

Finds: open opportunities that, on top of what is owed, would exceed the limit.
Value: use of the limit if the opportunities of the horizon are won, a fraction.
Steps: that fraction, 1.0 being the limit.
Quiet when: the limit is exceeded already (over_limit speaks), or there is none to exceed.
Way back: request a higher limit in time, or agree on a deposit.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer
from connector.domain.decision import TOTAL

CARD = FlagCard(
    code="opportunity_ahead",
    unit="ratio",
    owner="sales",
    evidence="opportunities",
    name="Limit too small for what comes",
    text="If the open opportunities are won, more than {threshold} of the credit limit is used.",
    playbook="Request the limit now, or agree on a deposit: not only when the order is held.",
    closes="The limit suffices, or the opportunities are decided.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose limit suffices today but not for what is coming."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.utilisation_ahead, amount=t.opportunity_amount,
        only=(t.selling_company == TOTAL) & (t.utilisation <= 1) & (t.approved_state == "amount"),
    )  # fmt: skip
