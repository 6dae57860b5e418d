"""over_limit (early-warning indicator EW05, vector LIM-TRI).

Finds: more exposure than the approved limit; any exposure of a party that buys for cash only.
Value: utilisation, a fraction; for cash only, where it is undefined, the first step counts.
Steps: that fraction, 1.0 being the limit.
Quiet when: the limit is unlimited or was never set, or the excess lies below the floor.
Way back: a higher limit if the engine proposes one that suffices, else less exposure.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import exact, zero
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="over_limit",
    unit="ratio",
    owner="credit",
    evidence="open",
    name="Over the limit",
    text="More than {threshold} of the credit limit is used.",
    playbook="Ask for a payment or a deposit, or request a higher limit before the next order.",
    closes="The use of the limit is back below it.",
    customer="The credit limit is used up.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose exposure exceeds the limit in force."""
    t = context.parties
    none_left = (t.approved_state != "none") & t.utilisation.isnull() & (t.net_exposure > 0)
    just_over = exact(context.rule.steps[0].above)
    used = ibis.ifelse(none_left, just_over + ibis.literal("0.000001").cast("decimal(18, 10)"),
                       t.utilisation)  # fmt: skip
    limit = ibis.ifelse(t.approved_state == "amount", t.approved_amount, zero())
    return answer(
        t, CARD, context.rule, value=used, amount=t.net_exposure - limit,
        params={"state": t.approved_state},
    )  # fmt: skip
