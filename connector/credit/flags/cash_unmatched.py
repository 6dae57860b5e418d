"""cash_unmatched: money or credit notes of the party wait to be matched.

Finds: unmatched receipts and unused credit notes that make the open items look worse than they are.
Value: unmatched cash and credit notes ÷ open receivables, a fraction.
Steps: that fraction.
Quiet when: there is nothing open to match with, or the amount lies below the floor.
Way back: match them; nothing the customer has to do.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="cash_unmatched",
    unit="ratio",
    owner="finance",
    evidence="cash",
    name="Unmatched payments",
    text="Payments or credit notes worth more than {threshold} of what is owed wait to be matched.",
    playbook="Match the payments and credit notes to their invoices.",
    closes="They are matched.",
    customer="Some payments or credit notes wait to be matched: please tell us what they are for.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with much unmatched cash or credit against their open items."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.unapplied_ratio,
        amount=t.unapplied_cash + t.open_credit_notes,
    )  # fmt: skip
