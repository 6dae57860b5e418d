"""no_valid_limit (early-warning indicator EW15 after the fact).

Finds: exposure without a limit in force.
Value: 1 no limit was ever set, 2 the limit has expired.
Steps: above 0 and above 1 give the severity of the two cases.
Quiet when: nothing is owed, or for the rows of single selling companies that share a limit.
Way back: decide the proposed limit.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import date_text, when
from connector.credit.flags.finding import FlagCard, FlagContext, answer
from connector.domain.decision import TOTAL

CARD = FlagCard(
    code="no_valid_limit",
    unit="count",
    owner="credit",
    evidence="open",
    name="No valid limit",
    text="There is no credit limit yet.",
    playbook="Review the customer and approve a limit, or sell for cash only.",
    closes="A limit is in force.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties that owe something while no limit is in force."""
    t = context.parties
    case = when((t.approved_state == "none", 1), (t.expired, 2), otherwise=0)
    return answer(
        t, CARD, context.rule, value=case.cast("decimal(18, 4)"), amount=t.net_exposure,
        only=t.selling_company == TOTAL,
        params={
            "state": ibis.ifelse(t.expired, "expired", "none"),
            "valid_to": date_text(t.approved_valid_to),
        },
    )  # fmt: skip
