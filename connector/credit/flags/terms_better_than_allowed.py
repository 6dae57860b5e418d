"""terms_better_than_allowed.

Finds: the agreed payment terms are longer than the policy allows for the customer's grade.
Value: days too long.
Steps: those days.
Quiet when: the policy sets no terms for the grade, no terms are agreed, or nothing is owed.
Way back: shorter terms, a better grade, or an approved exception.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import whole_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="terms_better_than_allowed",
    unit="days",
    owner="sales",
    name="Terms longer than allowed",
    text="{agreed} days to pay are agreed, {allowed} are allowed for this grade.",
    playbook="Agree on shorter terms at the next order, or have the exception approved.",
    closes="The agreed terms are within the allowed ones.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose agreed terms exceed the allowed ones."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.terms_days - t.allowed_terms_days, amount=t.net_exposure,
        params={"agreed": whole_text(t.terms_days), "allowed": whole_text(t.allowed_terms_days)},
    )  # fmt: skip
