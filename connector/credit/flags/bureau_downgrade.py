"""bureau_downgrade (early-warning indicator EW11).

Finds: a bureau's score fell against its report before, measured from 0 to 100 whichever way the
  bureau's own scale runs; or it fell below the policy's cut-off.
Value: points lost on 0–100.
Steps: that number; falling below the cut-off counts as the first step at least.
Quiet when: there is only one report, one of the two has no score, or nothing is owed.
Way back: a better report.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import date_text, exact
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="bureau_downgrade",
    unit="number",
    owner="credit",
    evidence="bureau",
    name="Bureau score fell",
    text="A bureau lowered its score in the report of {report_on}.",
    playbook="Read the report, look for the cause and review the limit.",
    closes="The next report is as good as the one before.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose bureau score fell by a step, or below the cut-off."""
    t = context.parties
    drop = (-t.bureau_change).cast("decimal(18, 6)")
    just_over = exact(context.rule.steps[0].above) + ibis.literal("0.000001").cast(
        "decimal(18, 10)"
    )
    value = ibis.ifelse(t.bureau_fell_below == 1, ibis.greatest(drop, just_over), drop)
    return answer(
        t, CARD, context.rule, value=value, amount=t.net_exposure,
        params={"report_on": date_text(t.bureau_report_on)},
    )  # fmt: skip
