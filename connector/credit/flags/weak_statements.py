"""weak_statements (early-warning indicator EW14).

Finds: the latest usable statement shows several signs of weakness (negative equity, net loss,
  negative operating cash flow, late filing; the policy names them).
Value: how many signs.
Steps: that number.
Quiet when: the statement is stale, its unit is in doubt, or nothing is owed.
Way back: a better statement; until then security.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="weak_statements",
    unit="count",
    owner="credit",
    evidence="statement",
    name="Weak statement",
    text="The financial statement to {statement_end} shows several signs of weakness.",
    playbook="Look at the statement, ask for security and review the limit.",
    closes="A later statement shows fewer signs.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with several signs of weakness in their statement."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.weak_signs, amount=t.net_exposure,
        params={"statement_end": date_text(t.statement_end)},
    )  # fmt: skip
