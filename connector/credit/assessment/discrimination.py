"""How well a score tells good from bad accounts: AUC, Gini, KS.

Whole numbers are counted and divided last, so the same outcomes give the same figures in any order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

ENOUGH_BADS = 30
"""Fewer bads than this give an interval and no verdict, and nothing may tune itself on them."""

NORMAL_95 = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The score of an account at a date, and whether it went bad in the window after that date.

    Accounts that were bad at the date already do not belong here.
    """

    score: Decimal | int
    bad: bool


@dataclass(frozen=True, slots=True)
class Discrimination:
    """Figures of one set of outcomes; None where there are no goods or no bads.

    `low` and `high` bound the AUC with 95 % confidence. `enough` says whether a verdict may be
    based on it.
    """

    accounts: int
    bads: int
    auc: float | None
    gini: float | None
    ks: float | None
    ks_at: Decimal | int | None
    low: float | None
    high: float | None

    @property
    def enough(self) -> bool:
        """At least ENOUGH_BADS bads."""
        return self.bads >= ENOUGH_BADS


def discriminate(outcomes: Sequence[Outcome]) -> Discrimination:
    """All figures at once (vector VAL-AUC)."""
    bads = sum(o.bad for o in outcomes)
    area = auc(outcomes)
    separation, at = kolmogorov_smirnov(outcomes)
    bounds = auc_interval(area, bads, len(outcomes) - bads) if area is not None else (None, None)
    return Discrimination(
        len(outcomes), bads, area, None if area is None else gini(area), separation, at, *bounds
    )


def auc(outcomes: Iterable[Outcome]) -> float | None:
    """P(score of a good > score of a bad) + ½ P(equal), 0–1; None without goods or bads."""
    goods, bads = _counts(outcomes)
    if not goods or not bads:
        return None
    wins, below = 0, 0
    for score in sorted(goods.keys() | bads.keys()):
        wins += goods[score] * (2 * below + bads[score])
        below += bads[score]
    return float(Fraction(wins, 2 * goods.total() * bads.total()))


def gini(area: float) -> float:
    """2 × AUC − 1: 0 for chance, 1 for perfect order, negative for a score turned round."""
    return 2 * area - 1


def kolmogorov_smirnov(
    outcomes: Iterable[Outcome],
) -> tuple[float | None, Decimal | int | None]:
    """Largest |F_bad − F_good| over the cut-offs, and the highest score at which it is reached.

    F is the share of accounts at or below a score. (None, None) without goods or bads.
    """
    goods, bads = _counts(outcomes)
    if not goods or not bads:
        return None, None
    scores = sorted(goods.keys() | bads.keys())
    good_sums = accumulate(goods[score] for score in scores)
    bad_sums = accumulate(bads[score] for score in scores)
    gaps = [
        abs(Fraction(b, bads.total()) - Fraction(g, goods.total()))
        for g, b in zip(good_sums, bad_sums, strict=True)
    ]
    widest, score = max(zip(gaps, scores, strict=True))
    return float(widest), score


def auc_interval(area: float, bads: int, goods: int) -> tuple[float, float]:
    """95 % interval of an AUC by Hanley and McNeil (1982), cut to 0–1.

    SE² = (A(1−A) + (n_b−1)(Q1−A²) + (n_g−1)(Q2−A²)) ÷ (n_b n_g), Q1 = A/(2−A), Q2 = 2A²/(1+A). An
    area of 0 or 1 has no spread of its own; there the bounds of a share of so many bads are used
    (rule of three), because a perfect order of five accounts proves little.
    """
    if area in (0.0, 1.0):
        slack = min(1.0, 3 / min(bads, goods))
        return (max(0.0, area - slack), min(1.0, area + slack))
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (bads - 1) * (first - area**2) + (goods - 1) * (second - area**2)
    error = math.sqrt(max(0.0, spread) / (bads * goods))
    return (max(0.0, area - NORMAL_95 * error), min(1.0, area + NORMAL_95 * error))


_Counted = Counter[Decimal | int]


def _counts(outcomes: Iterable[Outcome]) -> tuple[_Counted, _Counted]:
    goods: _Counted = Counter()
    bads: _Counted = Counter()
    for outcome in outcomes:
        (bads if outcome.bad else goods)[outcome.score] += 1
    return goods, bads
