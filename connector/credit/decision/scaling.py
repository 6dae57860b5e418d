"""From odds to points and back: weight of evidence, scaling, and the points card of a fitted model.

Odds are good : bad throughout; ln odds = α + Σ β·WoE. A card that was fitted elsewhere becomes
ordinary lines of a scorecard, with whole points for each bin: what stands in the policy is what
people read, and its sum is the official score (adding first and rounding then may differ by a
point).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from connector.credit.policy.document import BinDoc, CharacteristicDoc

EMPTY_CELL = 0.5
"""Added to both counts of a bin that has no good or no bad, so that its logarithm exists."""


def weights_of_evidence(counts: Sequence[tuple[float, float]]) -> list[float]:
    """WoE = ln(share of the goods ÷ share of the bads) of each bin of (goods, bads) (SC-WOE).

    ValueError without goods or without bads: there is nothing to tell apart.
    """
    shares = _shares(counts)
    return [math.log(good / bad) for good, bad in shares]


def information_value(counts: Sequence[tuple[float, float]]) -> float:
    """IV = Σ (share of the goods − share of the bads) × WoE (SC-WOE)."""
    pairs = zip(_shares(counts), weights_of_evidence(counts), strict=True)
    return sum((good - bad) * weight for (good, bad), weight in pairs)


def _shares(counts: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    if not sum(good for good, _ in counts) or not sum(bad for _, bad in counts):
        raise ValueError("weights of evidence need goods and bads: give counts of both")
    filled = [
        (good + EMPTY_CELL, bad + EMPTY_CELL) if not good or not bad else (good, bad)
        for good, bad in counts
    ]
    goods, bads = sum(g for g, _ in filled), sum(b for _, b in filled)
    return [(good / goods, bad / bads) for good, bad in filled]


@dataclass(frozen=True, slots=True)
class Scaling:
    """score = offset + factor × ln(odds good : bad)."""

    factor: float
    offset: float

    @staticmethod
    def doubling(points: float, base_score: float, base_odds: float) -> Scaling:
        """`points` double the odds, which are `base_odds` good : bad at `base_score` (SC-SCALE).

        ValueError when points or odds are not above 0.
        """
        if points <= 0 or base_odds <= 0:
            raise ValueError("points and odds must be above 0: correct the scaling")
        factor = points / math.log(2)
        return Scaling(factor, base_score - factor * math.log(base_odds))

    @staticmethod
    def of_bad_odds(points: float, base_score: float, bad_odds: float) -> Scaling:
        """The same from odds bad : good, as some packages state them (SC-CONV-R)."""
        return Scaling.doubling(points, base_score, 1 / bad_odds if bad_odds > 0 else 0.0)

    def score(self, ln_odds: float) -> float:
        """Score at these odds."""
        return self.offset + self.factor * ln_odds

    def attribute_points(self, alpha: float, beta: float, woe: float, attributes: int) -> float:
        """Points of one of so many attributes: factor × (β·WoE + α/n) + offset/n (SC-POINTS)."""
        part = beta * woe + alpha / attributes
        return self.factor * part + self.offset / attributes


def bad_probability(ln_odds: float) -> float:
    """1 ÷ (1 + odds): probability of bad at ln odds good : bad (SC-POINTS)."""
    if ln_odds > 700:
        return 0.0
    return 1 / (1 + math.exp(ln_odds))


@dataclass(frozen=True, slots=True)
class FittedBin:
    """A bin of a fitted characteristic: `above` < value ≤ `up_to`, with its weight of evidence."""

    above: Decimal | None
    up_to: Decimal | None
    woe: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class FittedLine:
    """A fitted characteristic. `missing_woe`: of unknown values, which are a bin of their own."""

    id: str
    metric: str
    label_en: str
    label_zh: str
    beta: float
    bins: tuple[FittedBin, ...]
    missing_woe: float = 0.0


def points_card(
    alpha: float, lines: Sequence[FittedLine], scaling: Scaling
) -> tuple[CharacteristicDoc, ...]:
    """The lines of a policy's scorecard (`scale: points`) that say what the fitted model says."""

    def whole(line: FittedLine, woe: float) -> int:
        points = scaling.attribute_points(alpha, line.beta, woe, len(lines))
        return int(Decimal(points).quantize(Decimal(1), ROUND_HALF_UP))

    return tuple(
        CharacteristicDoc(
            id=line.id, metric=line.metric, label_en=line.label_en, label_zh=line.label_zh,
            weight=max(whole(line, item.woe) for item in line.bins),
            bins=tuple(
                BinDoc(above=i.above, up_to=i.up_to, points=whole(line, i.woe), label=i.label)
                for i in line.bins
            ),
            missing="neutral", neutral_points=whole(line, line.missing_woe),
        )
        for line in lines
    )  # fmt: skip


def yearly_probability(cumulative: float, years: float) -> float:
    """Yearly PD from a cumulative default rate over so many years (PD-3Y)."""
    return float(1 - (1 - cumulative) ** (1 / years))


def geometric_steps(low: float, high: float, between: int) -> list[float]:
    """PDs from `low` to `high` with so many between them, each the same times the last (PD-GEO).

    ValueError when an end is not above 0.
    """
    if low <= 0 or high <= 0 or between < 0:
        raise ValueError("the ends must be above 0: a probability of 0 has no ratio to the next")
    ratio = (high / low) ** (1 / (between + 1))
    return [low * ratio**step for step in range(between + 2)]


def implied_rate(shares: Sequence[float], rates: Sequence[float]) -> float:
    """Overall bad rate that classes of these shares and rates imply (DNB-CHK).

    To check a published table of classes against the average it states.
    """
    return sum(share * rate for share, rate in zip(shares, rates, strict=True))
