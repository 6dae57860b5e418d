"""insurance_terms_exceeded.

Finds: open items sold at longer terms than the insurance covers.
Value: their share of the open receivables.
Steps: that share.
Quiet when: the customer has no insured limit, or the insurer states no longest terms.
Way back: none for what is delivered; agree terms within the policy, or ask the insurer.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import ratio
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="insurance_terms_exceeded",
    unit="ratio",
    owner="sales",
    evidence="open",
    name="Terms longer than insured",
    text=(
        "Open invoices run longer than the insurance covers "
        "(more than {threshold} of what is owed)."
    ),
    playbook="Agree shorter terms, or ask the insurer to cover these before the next delivery.",
    closes="The invoices are paid.",
)


def find(context: FlagContext) -> ir.Table:
    """Insured parties with undisputed items at terms beyond the insured ones."""
    t = context.parties
    share = ratio(t.insurance_terms_exceeded, t.open_receivables)
    return answer(t, CARD, context.rule, value=share, amount=t.insurance_terms_exceeded)
