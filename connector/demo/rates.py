"""Daily exchange rates of the demo company: a bounded walk, one rate a business day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

COMPANY_CURRENCY = "CNY"
MIDDLE_RATES = {"EUR": Decimal("7.8200"), "USD": Decimal("7.1600")}
"""Rates around which the walk moves: 1 unit = so many CNY."""

_STEP = Decimal("0.0005")
_REACH = Decimal("0.06")  # the walk turns back at ± 6 % of the middle


def build_rates(rng: Random, first: date, last: date) -> list[dict[str, object]]:
    """Rows of `fx_rate` for each currency and business day from `first` to `last`, inclusive."""
    rows: list[dict[str, object]] = []
    for currency, middle in MIDDLE_RATES.items():
        rate = middle
        day = first
        while day <= last:
            if day.weekday() < 5 or day == first:
                rows.append(
                    {
                        "id": f"{currency}-{day.isoformat()}",
                        "currency": currency,
                        "quote": COMPANY_CURRENCY,
                        "rate_date": day,
                        "rate": rate,
                    }
                )
                rate = _next_rate(rng, rate, middle)
            day += timedelta(days=1)
    return rows


def _next_rate(rng: Random, rate: Decimal, middle: Decimal) -> Decimal:
    moved = (rate * (1 + _STEP * rng.randint(-6, 6))).quantize(Decimal("0.0001"))
    low, high = middle * (1 - _REACH), middle * (1 + _REACH)
    return min(max(moved, low), high).quantize(Decimal("0.0001"))
