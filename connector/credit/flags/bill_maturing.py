"""bill_maturing.

Finds: bills on hand that have to be presented.
Value: 1 maturity is near, 2 the bill has matured, 3 the time of presentation has passed.
Steps: that number; days stand in `collateral.bills`.
Quiet when: no bill on hand matures soon, or all have been presented.
Way back: present the bill.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="bill_maturing",
    unit="count",
    owner="finance",
    evidence="bills_to_present",
    name="Bill to be presented",
    text="A bill matures on {matures_on} and has to be presented by {present_by}.",
    playbook="Present the bill for payment within its time, or recourse may be lost.",
    closes="The bill is presented.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with bills on hand that mature soon or have matured."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.bill_stage.cast("decimal(18, 4)"),
        amount=t.bills_to_present,
        params={
            "matures_on": date_text(t.bill_next_maturity),
            "present_by": date_text(t.bill_present_by),
        },
    )  # fmt: skip
