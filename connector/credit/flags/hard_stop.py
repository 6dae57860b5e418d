"""hard_stop: a finding that decides by itself, whatever the score.

Finds: a finding among the policy's `hard_stops.codes`: insolvency, dissolution, sanctions, …
Value: how many there are.
Steps: that number.
Quiet when: nothing is owed, or the finding is over. Negative equity has its own flag.
Way back: the finding is lifted, or proved to be somebody else.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="hard_stop",
    unit="count",
    owner="credit",
    evidence="event",
    name="Hard stop",
    text="A hard stop of the policy sets the grade, whatever the score.",
    playbook="Check that it is this customer, sell for cash only and secure what is owed.",
    closes="The finding is lifted, or noted as somebody else's.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with a hard stop that owe something."""
    t = context.parties
    return answer(t, CARD, context.rule, value=t.stops_in_force, amount=t.net_exposure)
