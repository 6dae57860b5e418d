"""cover_stopped.

Finds: insured customers whose new deliveries are not covered, because an item is overdue beyond the
maximum extension.
Value: days since the extension ended.
Steps: those days.
Quiet when: there is no insured limit, or only disputed items are so late.
Way back: the overdue item is paid; what was delivered before stays covered.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="cover_stopped",
    unit="days",
    owner="sales",
    evidence="overdue",
    name="Insurance cover stopped",
    text="New deliveries are not insured: an invoice was not paid by {extension_end}.",
    playbook="Deliver against payment only, until the overdue invoice is paid.",
    closes="The overdue invoice is paid, or its dispute is registered.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with an insured limit and an undisputed item beyond the extension."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.cover_stopped_days.cast("decimal(18, 4)"),
        amount=t.overdue_undisputed, params={"extension_end": date_text(t.insurance_extension_end)},
    )  # fmt: skip
