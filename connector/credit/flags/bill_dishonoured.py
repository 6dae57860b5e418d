"""bill_dishonoured.

Finds: bills that their acceptor did not pay.
Value: how many.
Steps: that number.
Quiet when: every bill was honoured or is still running.
Way back: the bill is paid, or given back for another payment.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="bill_dishonoured",
    unit="count",
    owner="finance",
    evidence="bills_dishonoured",
    name="Bill not honoured",
    text="A bill was not honoured (since {since_day}).",
    playbook="Take recourse in time against acceptor and endorsers, and stop deliveries on bills.",
    closes="The bill is paid or given back.",
    customer="A bill was not honoured (since {since_day}).",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with a dishonoured bill."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.bills_dishonoured_count.cast("decimal(18, 4)"),
        amount=t.bills_dishonoured,
        params={"since_day": ibis.coalesce(date_text(t.bill_dishonoured_on), "–")},
    )  # fmt: skip
