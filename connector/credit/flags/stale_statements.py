"""stale_statements (early-warning indicator EW19, the statements).

Finds: the latest financial statement is older than the policy allows.
Value: 1 when it is.
Steps: above 0 gives the severity.
Quiet when: there is no statement at all (then the score's coverage says so), or nothing is owed.
Way back: get the next statement.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="stale_statements",
    unit="count",
    owner="sales",
    evidence="statement",
    name="Statement too old",
    text="The latest financial statement ended on {statement_end}: too old to be used.",
    playbook="Ask the customer for its latest annual statement.",
    closes="A newer statement is on file.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose latest statement has grown stale."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.statement_stale, amount=t.net_exposure,
        params={"statement_end": date_text(t.statement_end)},
    )  # fmt: skip
