"""insurer_cut (early-warning indicator EW13).

Finds: customers whose insured limit the insurer reduced or withdrew lately.
Value: part of the limit that was cut, 1 when it was withdrawn.
Steps: that part.
Quiet when: the cut is older than the policy's `collateral.insurance.cut_watch_days`.
Way back: another decision of the insurer; what was delivered before stays covered.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="insurer_cut",
    unit="ratio",
    owner="credit",
    evidence="insured_limits",
    name="Insurer cut the limit",
    text="The insurer reduced or withdrew the insured limit on {decided_on}.",
    playbook="Ask the insurer for the reason, and review limit and open orders.",
    closes="The insurer decides anew, or the cut is past its time of watching.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose insured limit was cut within the days of watching."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.insured_limit_cut_share, amount=t.insured_limit_cut,
        params={"decided_on": date_text(t.insured_limit_cut_on)},
    )  # fmt: skip
