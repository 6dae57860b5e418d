"""negative_equity (part of early-warning indicator EW14).

Finds: the liabilities exceed the assets in the latest usable statement.
Value: 1 when they do.
Steps: above 0 gives the severity.
Quiet when: equity is unknown, the statement is stale or its unit in doubt, or nothing is owed.
Way back: new equity, or a guarantee of the owners.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="negative_equity",
    unit="count",
    owner="credit",
    evidence="statement",
    name="Negative equity",
    text="The liabilities exceed the assets in the statement to {statement_end}.",
    playbook="Sell against security only, and ask the owners for a guarantee.",
    closes="A later statement shows positive equity.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with negative equity."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=(t.statement_equity < 0).cast("int64"),
        amount=t.net_exposure, params={"statement_end": date_text(t.statement_end)},
    )  # fmt: skip
