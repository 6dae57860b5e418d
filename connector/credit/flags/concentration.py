"""concentration (early-warning indicator EW16).

Finds: a customer, or its group, that holds more of all exposure than the policy allows.
Value: share of all exposure ÷ allowed share (`concentration.limits` by exposure), the larger of the
customer's and its group's.
Steps: that ratio, 1.0 being what is allowed.
Quiet when: the policy has no such limit, or the book has fewer names than `min_names`: in a
small book every name is a large one.
Way back: less exposure of this customer, or of its group.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import decimal_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="concentration",
    unit="ratio",
    owner="management",
    evidence="open",
    name="Large part of the book",
    text="The customer or its group holds more of all exposure than allowed ({allowed}).",
    playbook="Decide whether to insure it, ask for collateral, or let the exposure run down.",
    closes="The share of all exposure is back within what is allowed.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose share, or whose group's share, is beyond the allowed one."""
    t = context.parties
    allowed = decimal_text((t.concentration_allowed * 100).cast("decimal(18, 6)")) + " %"
    return answer(
        t, CARD, context.rule, value=t.concentration_use, amount=t.net_exposure,
        params={"allowed": allowed},
    )  # fmt: skip
