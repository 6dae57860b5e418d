"""Whether today's accounts still look like those that the score was made on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from connector.errors import InputError

STABLE, SHIFTED = 0.10, 0.25
"""Usual reading of the PSI: below 0.10 stable, above 0.25 shifted, watch in between. A convention,
no law."""

_EMPTY = 0.5


def shares_of(counts: Sequence[int]) -> list[float]:
    """Share of each band. An empty band gives 0.5 to every count, so that logarithms stay finite.

    InputError without any account.
    """
    if sum(counts) == 0:
        raise InputError(
            "No account stands in any band.", next_step="Choose dates on which decisions were made."
        )
    added = _EMPTY if 0 in counts else 0.0
    whole = sum(counts) + added * len(counts)
    return [(count + added) / whole for count in counts]


def stability_index(expected: Sequence[float], actual: Sequence[float]) -> float:
    """PSI = Σ (a − e) ln(a ÷ e) over score bands, shares above 0 (vector VAL-PSI).

    InputError when the bands differ in number or a share is 0: `shares_of` has none.
    """
    if len(expected) != len(actual) or min((*expected, *actual), default=0) <= 0:
        raise InputError(
            "The bands of the two dates cannot be compared.",
            next_step="Use the same bands for both, and count accounts with shares_of.",
        )
    pairs = zip(expected, actual, strict=True)
    return math.fsum((a - e) * math.log(a / e) for e, a in pairs)


def read_stability(index: float) -> Literal["stable", "watch", "shifted"]:
    """The usual reading of a PSI."""
    if index < STABLE:
        return "stable"
    return "shifted" if index > SHIFTED else "watch"
