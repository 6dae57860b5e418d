"""Whether promised and observed frequencies of going bad agree, and rise from band to band."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from connector.credit.assessment.discrimination import NORMAL_95
from connector.errors import InputError


def binomial_tail(accounts: int, probability: float, observed: int) -> float:
    """P(at least `observed` bads among `accounts`) if each goes bad with `probability`.

    Vector VAL-BINOM. Independent accounts are assumed: a common cause makes large numbers of bads
    more likely than this says. Sums over logarithms, so that thousands of accounts do not overflow.
    InputError for a probability outside 0–1 or negative numbers.
    """
    if not 0 <= probability <= 1 or accounts < 0 or observed < 0:
        raise InputError(
            "{accounts} accounts, {observed} bads and a probability of {probability} make no case.",
            next_step="Give counts of 0 or more and a probability from 0 to 1.",
            accounts=accounts, observed=observed, probability=probability,
        )  # fmt: skip
    if observed == 0:
        return 1.0
    if observed > accounts or probability == 0:
        return 0.0
    if probability == 1:
        return 1.0
    return math.fsum(_mass(accounts, probability, k) for k in range(observed, accounts + 1))


def _mass(n: int, p: float, k: int) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(p) + (n - k) * math.log1p(-p))


def rate_interval(bads: int, accounts: int) -> tuple[float, float] | None:
    """95 % interval of a bad rate by Wilson (1927); None without accounts.

    It stays inside 0–1 and is not empty for 0 bads, unlike the plain normal one.
    """
    if accounts == 0:
        return None
    rate, square = bads / accounts, NORMAL_95**2
    centre = (rate + square / (2 * accounts)) / (1 + square / accounts)
    root = math.sqrt(rate * (1 - rate) / accounts + square / (4 * accounts**2))
    half = NORMAL_95 * root / (1 + square / accounts)
    return (max(0.0, centre - half), min(1.0, centre + half))


def brier_score(pairs: Sequence[tuple[float, bool]]) -> float | None:
    """Mean of (p − y)², 0 best, 1 worst; None without pairs (vector VAL-BRIER)."""
    if not pairs:
        return None
    return math.fsum((p - bad) ** 2 for p, bad in pairs) / len(pairs)


@dataclass(frozen=True, slots=True)
class Band:
    """A grade or score band, best first: accounts at the date, and those that went bad after."""

    name: str
    accounts: int
    bads: int

    @property
    def rate(self) -> float | None:
        """Bads ÷ accounts; None for an empty band."""
        return self.bads / self.accounts if self.accounts else None


@dataclass(frozen=True, slots=True)
class BandReport:
    """`rates` and `lifts` (rate ÷ rate of all) by band; None for an empty band.

    `disordered`: neighbours of which the better has the higher rate, beyond what their 95 %
    intervals leave open.
    """

    rate: float | None
    rates: tuple[float | None, ...]
    lifts: tuple[float | None, ...]
    monotone: bool
    disordered: tuple[tuple[str, str], ...]


def report_bands(bands: Sequence[Band]) -> BandReport:
    """Bad rate by band and whether it rises from the best to the worst (vector VAL-BAND).

    `monotone` is strict about direction: an empty band is passed over, a tie is allowed.
    """
    accounts, bads = sum(b.accounts for b in bands), sum(b.bads for b in bands)
    rate = bads / accounts if accounts else None
    filled = [band for band in bands if band.accounts]
    return BandReport(
        rate,
        tuple(band.rate for band in bands),
        tuple(band.rate / rate if band.rate is not None and rate else None for band in bands),
        all((a.rate or 0) <= (b.rate or 0) for a, b in pairwise(filled)),
        tuple((a.name, b.name) for a, b in pairwise(filled) if _surely_above(a, b)),
    )


def _surely_above(better: Band, worse: Band) -> bool:
    first = rate_interval(better.bads, better.accounts)
    second = rate_interval(worse.bads, worse.accounts)
    return first is not None and second is not None and first[0] > second[1]
