"""terms_longer_than_law: terms beyond what a country's law allows towards small suppliers.

Finds: agreed net days above the policy's figure for the customer's country. A notice only: laws
know exceptions, and who counts as small is for a lawyer. It tells of a customer's bargaining power.
Value: days above that figure.
Steps: those days.
Quiet when: terms or country are unknown, the policy gives no figure, or nothing is owed.
Way back: agree on shorter terms.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import whole_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer
from connector.domain.decision import TOTAL

CARD = FlagCard(
    code="terms_longer_than_law",
    unit="days",
    owner="sales",
    name="Terms longer than the law's",
    text="The agreed terms of {terms} days are longer than the law of the country foresees.",
    playbook="Ask for shorter terms at the next agreement; the law is on the supplier's side.",
    closes="Shorter terms are agreed.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties that owe something on terms beyond the law's."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.terms_beyond_law_days, amount=t.open_receivables,
        only=t.selling_company == TOTAL, params={"terms": whole_text(t.terms_days)},
    )  # fmt: skip
