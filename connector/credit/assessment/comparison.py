"""Two policies on the same customers and dates: which one costs less (champion, challenger)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from connector.errors import InputError


@dataclass(frozen=True, slots=True)
class PolicyMistakes:
    """What a policy would have got wrong: good orders it blocked, bad customers it let through.

    `basis` names the facts it was measured on (dates, as known when, ledger); two policies compare
    only on the same.
    """

    name: str
    blocked_good: int
    missed_bad: int
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Costs in the currency of the prices given; `keep` the cheaper one, champion on a tie."""

    champion_cost: Decimal
    challenger_cost: Decimal
    keep: Literal["champion", "challenger"]


def compare_policies(
    champion: PolicyMistakes, challenger: PolicyMistakes, margin_lost: Decimal, loss: Decimal
) -> Comparison:
    """Cost = blocked good orders × margin lost each + missed bads × loss each (vector CHAMP-1).

    InputError when the two were not measured on the same facts.
    """
    if champion.basis != challenger.basis:
        raise InputError(
            "{champion} and {challenger} were measured on different facts.",
            next_step="Run both over the same dates, as known at the same days.",
            champion=champion.name,
            challenger=challenger.name,
        )
    first, second = (
        p.blocked_good * margin_lost + p.missed_bad * loss for p in (champion, challenger)
    )
    return Comparison(first, second, "challenger" if second < first else "champion")
