"""overdue_heavy (early-warning indicator EW03).

Finds: a large share of the receivables is overdue beyond the grace days, disputed items left out.
Value: overdue beyond grace ÷ open receivables, a fraction.
Steps: that fraction.
Quiet when: nothing is open, or the overdue amount lies below the materiality floor.
Way back: pay the oldest items until the share is below the first step.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.flags.finding import FlagContext, answer

CODE = "overdue_heavy"
UNIT = "ratio"


def find(context: FlagContext) -> ir.Table:
    """Parties whose overdue share passed a step."""
    t = context.parties
    return answer(
        t, CODE, context.rule, value=t.overdue_ratio_past_grace, amount=t.overdue_past_grace,
        unit="ratio",
    )  # fmt: skip
