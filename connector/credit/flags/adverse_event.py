"""adverse_event (early-warning indicator EW12).

Finds: a public event about the customer: court, register, sanctions, press.
Value: its severity, 1 to 3; the policy says which kinds are severe.
Steps: that severity.
Quiet when: the event is over or forgotten after the policy's days, or nothing is owed.
Way back: the event is lifted, or proved to be somebody else.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="adverse_event",
    unit="count",
    owner="credit",
    evidence="event",
    name="Public event",
    text="Public records show something adverse since {since}.",
    playbook="Check that it is this customer, read the record and decide whether to stop selling.",
    closes="The event is lifted, or noted as somebody else's.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with an event in force."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.event_severity, amount=t.net_exposure,
        params={"since": ibis.coalesce(date_text(t.event_since), "?")},
    )  # fmt: skip
