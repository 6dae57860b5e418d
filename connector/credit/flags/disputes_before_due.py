"""disputes_before_due: complaints that come when payment is near.

Finds: disputes raised within a few days before the due date, again and again.
Value: such disputes of the window (`behaviour.disputes`).
Steps: that number.
Quiet when: there are only one or two, or they are about small change.
Way back: none at once; disputes that come with the goods, not with the due date.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="disputes_before_due",
    unit="count",
    owner="sales",
    evidence="early_disputes",
    name="Disputes at the due date",
    text="More than {threshold} disputes were raised only when payment was near.",
    playbook="Settle what is justified at once and ask for the undisputed part on its day.",
    closes="No such dispute was raised for three months.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties that dispute when they should pay."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.disputes_before_due.cast("decimal(18, 4)"),
        amount=t.disputed_before_due,
    )  # fmt: skip
