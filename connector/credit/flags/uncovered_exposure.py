"""uncovered_exposure.

Finds: more exposure without security than the policy lets one customer have.
Value: unsecured exposure ÷ `collateral.unsecured_appetite`.
Steps: that fraction, 1.0 being the appetite.
Quiet when: the policy states no appetite.
Way back: a guarantee, an insured limit, a deposit, or less exposure.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="uncovered_exposure",
    unit="ratio",
    owner="credit",
    evidence="open",
    name="Much without security",
    text="More than {threshold} of what may stand unsecured is owed without security.",
    playbook="Ask for a guarantee or a deposit, or request an insured limit.",
    closes="The unsecured exposure is back within what the policy allows.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose unsecured exposure exceeds the policy's appetite."""
    t = context.parties
    return answer(t, CARD, context.rule, value=t.unsecured_of_appetite, amount=t.unsecured_exposure)
