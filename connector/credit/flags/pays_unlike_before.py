"""pays_unlike_before: behaviour change against the customer's own pattern.

Finds: payments later than this customer's own habit explains, however early or late the habit is.
Value: recent mean days beyond terms less the mean before, in spreads of the time before; open
overdue items count at their present age where that makes it later.
Steps: that number.
Quiet when: too few payments on either side (`behaviour.pattern`), or they come earlier.
Way back: none at once; payments as they used to come.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="pays_unlike_before",
    unit="number",
    owner="sales",
    evidence="late_paid",
    name="Pays unlike before",
    text="Payments come later than this customer's own habit explains.",
    playbook="Ask what has changed; a punctual payer that turns late is worth a call at once.",
    closes="Payments come as they used to.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties that pay outside their own habit."""
    t = context.parties
    amount = t.recent_amount + t.overdue_undisputed
    return answer(t, CARD, context.rule, value=t.dbt_deviation, amount=amount)
