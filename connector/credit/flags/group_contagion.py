"""group_contagion (early-warning indicator EW18).

Finds: another member of the same group is in trouble: long overdue, or a severe public event.
Value: how many other members.
Steps: that number.
Quiet when: the customer belongs to no group, is the only one in trouble itself, or owes nothing.
Way back: the other members get out of trouble.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="group_contagion",
    unit="count",
    owner="credit",
    name="Trouble in the group",
    text="Another company of the same group is in trouble.",
    playbook="Look at the whole group's exposure and at who stands for whom.",
    closes="No other member is long overdue or has a severe event.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with troubled sister companies."""
    t = context.parties
    return answer(t, CARD, context.rule, value=t.group_trouble, amount=t.net_exposure)
