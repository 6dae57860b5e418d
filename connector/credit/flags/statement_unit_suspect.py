"""statement_unit_suspect.

Finds: a statement whose figures jump so far against the year before, or are so small against what
  we sell, that its unit (元, 千元, 万元) is probably mistaken. It is used for nothing meanwhile.
Value: 1 when it does.
Steps: above 0 gives the severity.
Quiet when: there is nothing to compare with, or nothing is owed.
Way back: correct the unit of the statement, or of the one before.
"""

from __future__ import annotations

import ibis.expr.types as ir

from connector.credit.expressions import date_text
from connector.credit.flags.finding import FlagCard, FlagContext, answer

CARD = FlagCard(
    code="statement_unit_suspect",
    unit="count",
    owner="finance",
    evidence="statement",
    name="Unit of the statement in doubt",
    text="The unit of the statement to {statement_end} looks mistaken: it is not used.",
    playbook="Compare the figures with the original and correct the unit of either statement.",
    closes="The units of both statements agree.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties whose latest statement seems to have a wrong unit."""
    t = context.parties
    return answer(
        t, CARD, context.rule, value=t.statement_suspect, amount=t.net_exposure,
        params={"statement_end": date_text(t.statement_end)},
    )  # fmt: skip
