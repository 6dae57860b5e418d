"""insurance_report_due.

Finds: overdue items that have to be reported to the insurer.
Value: 1 the maximum extension has ended, 2 the deadline of reporting is near, 3 it has passed.
Steps: that number; days stand in the insurer's policy, else in `collateral.insurance`.
Quiet when: nothing covered is overdue beyond the extension, or only disputed items are.
Way back: report the items, collect them, or register their dispute.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="insurance_report_due",
    unit="count",
    owner="finance",
    evidence="overdue",
    name="Report to the insurer",
    text="Overdue items have to be reported to the insurer by {report_by}.",
    playbook="Report the overdue items to the insurer and file the confirmation.",
    closes="The overdue items are paid, or their dispute is registered.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with covered items overdue beyond the maximum extension."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.insurance_report_stage.cast("decimal(18, 4)"),
        amount=t.insurance_cover, params={"report_by": date_text(t.insurance_report_by)},
    )  # fmt: skip
