"""due_dates_missing: nobody agreed when a large part of the receivables is due.

Finds: open items without due date whose terms nobody stated, or whose base date is missing.
Value: their share of the open receivables, a fraction.
Steps: that fraction.
Quiet when: nothing is open, or the amount lies below the materiality floor.
Way back: enter due dates or terms; nothing the customer has to do.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="due_dates_missing",
    unit="ratio",
    owner="finance",
    evidence="undated",
    name="Due dates missing",
    text="For more than {threshold} of what is owed no due date was agreed.",
    playbook="Enter due dates or terms, and the day of acceptance where terms count from it.",
    closes="Due dates or terms are known.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose open items are due on days that we had to guess."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.due_dates_missing_ratio, amount=t.due_dates_missing
    )
