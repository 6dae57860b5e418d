"""stale_bureau (early-warning indicator EW19, the bureau report).

Finds: the latest bureau report is older than the policy allows.
Value: its age in days.
Steps: days.
Quiet when: no bureau ever reported, or nothing is owed.
Way back: buy a new report.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="stale_bureau",
    unit="days",
    owner="credit",
    evidence="bureau",
    name="Bureau report too old",
    text="The latest bureau report is of {report_on}, more than {threshold} ago.",
    playbook="Order a new report, or decide that none is needed.",
    closes="A newer report is on file.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose latest bureau report has grown old."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.bureau_age_days, amount=t.net_exposure,
        params={"report_on": date_text(t.bureau_report_on)},
    )  # fmt: skip
