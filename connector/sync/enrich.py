"""Enrich: bureau reports for parties that are due for one.

No adapter implements a bureau port yet, so there is no party to buy a report for: the step takes
what is linked and passes it on with 0 reports, and the decision's coverage shows what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EnrichReport:
    """How many reports were due and how many came."""

    due: int = 0
    received: int = 0


def enrich() -> EnrichReport:
    """Nothing is due while no connection is a bureau."""
    return EnrichReport()
