"""One figure for how promptly is paid: our own index, and one over trade references.

The value table is the one published by the agency that owns the name PAYDEX; what we compute from
our own payments is never called that.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    convert,
    days_between,
    per_unit,
    when,
)
from connector.credit.facts import Facts
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.document import WindowsDoc

VALUES: tuple[tuple[int, int], ...] = (
    (-30, 100), (-20, 90), (0, 80), (15, 70), (22, 60), (30, 50), (60, 40), (90, 30), (120, 20),
)  # fmt: skip
"""Days beyond terms and the value they have. Those below 0 are our own proposal."""

DAYS_A_POINT = 6
"""Beyond 120 days a point is lost every six days (proposal), down to 0."""

REFERENCE_DAYS = 731
"""Trade references of the last 24 months count."""

INDEX = "decimal(18, 4)"


def index_of_days(days: Any) -> Any:
    """Value 0–100 of days beyond terms, linear between the entries (vector PAYIDX-OWN).

    Beyond 120 days: 20 − (days − 120) ÷ 6, at least 0. Null for unknown days, never 0.
    """
    d = (days.cast(INDEX) * 10_000).cast("int64")
    (first, top), (last, value) = VALUES[0], VALUES[-1]
    branches = [(d <= first * 10_000, ibis.literal(top * 100))]
    for (low, best), (high, worst) in pairwise(VALUES):
        branches.append((d <= high * 10_000, best * 100 - _lost(d, low, best - worst, high - low)))
    beyond = ibis.greatest(value * 100 - _lost(d, last, 1, DAYS_A_POINT), 0)
    found = (when(*branches, otherwise=beyond).cast(INDEX) / 100).cast(INDEX)
    return ibis.ifelse(days.isnull(), ibis.null(INDEX), found)


def _lost(d: Any, low: int, points: int, days: int) -> Any:
    """Hundredths of a point lost from `low` on, when `points` are lost in so many `days`.

    `d` counts ten-thousandths of a day. In whole numbers, for a half is not the same in every
    engine's doubles; what is left is rounded half up.
    """
    lost, unit = (d - low * 10_000) * points, days * 100
    return ((2 * lost + unit - 1) / (2 * unit)).floor().cast("int64")


def weighted_index(value: Any, weight: Any) -> Any:
    """Mean of values by weight, as an aggregate (vector PAYDEX-1); null without any weight."""
    known = value.notnull() & weight.notnull()
    top = (value.cast("decimal(18, 4)") * weight.cast("decimal(18, 4)")).sum(where=known)
    return per_unit(top, weight.sum(where=known)).round(2).cast(INDEX)


def reference_index(facts: Facts, rates: ir.Table) -> ir.Table:
    """Index over the trade references of the last 24 months, one row a party.

    Each reference counts with its highest credit, else the limit it grants; one without either has
    no weight. A reference without days beyond terms is left out. The metric reference_index is
    0–100; `trade_references` counts those that count.
    """
    r = facts["trade_reference"]
    r = r.filter(r.given_on <= facts.as_of, r.valid_to.isnull() | (r.valid_to >= facts.as_of))
    r = r.filter(days_between(facts.as_of, r.given_on) < REFERENCE_DAYS)
    r = in_base(r, rates)
    weight = convert(ibis.coalesce(r.high_credit, r.limit_amount), r.rate)
    r = r.mutate(value=index_of_days(r.days_beyond_terms), weight=weight)
    r = r.filter(r.value.notnull(), r.weight > 0)
    return r.group_by("party_id").agg(
        reference_index=weighted_index(r.value, r.weight), trade_references=r.count()
    )


def plain_sums(seen: ir.Table, as_of: Any, windows: WindowsDoc) -> ir.Table:
    """Sums of days over payments, each payment counting once, per (party, seller).

    `plain_beyond` and `plain_squares` over the behaviour window, `recent_…` over its recent part.
    """
    seen = seen.mutate(days_ago=days_between(as_of, seen.settled_on))
    seen = seen.filter(seen.days_ago < windows.behaviour_days)
    recent = seen.days_ago < windows.trend_days
    days = seen.days_beyond.cast("int64")

    def total(value: Any, where: Any = None) -> Any:
        return value.sum(where=where).fill_null(0).cast("int64")

    return seen.group_by("party_id", seller=seen.seller).agg(
        plain_to_pay=total(seen.days_to_pay),
        plain_beyond=total(days),
        plain_squares=total(days * days),
        recent_days=total(days, recent),
        recent_squares=total(days * days, recent),
        plain_items=seen.count(),
        plain_recent=seen.count(where=recent),
    )


def spread(total: Any, squares: Any, count: Any) -> Any:
    """Standard deviation of whole days from their sum, squares and number (population form).

    Exact up to the root: n·Σd² − (Σd)² is a whole number. Null without observations.
    """
    inner = (count * squares - total * total).cast("float64")
    root = ibis.greatest(inner, 0.0).sqrt() / count.cast("float64").nullif(0)
    return root.round(4).cast("decimal(18, 4)")


def index_columns(t: ir.Table) -> dict[str, Any]:
    """Unweighted means, their spread, and the own index of the weighted days beyond terms.

    days_to_pay_plain and dbt_plain = Σ days ÷ number of payments; dbt_spread their standard
    deviation in days; payment_index = `index_of_days` of dbt, 0–100. Null without payments.
    """
    return {
        "days_to_pay_plain": per_unit(t.plain_to_pay, t.plain_items),
        "dbt_plain": per_unit(t.plain_beyond, t.plain_items),
        "dbt_spread": spread(t.plain_beyond, t.plain_squares, t.plain_items),
        "payment_index": index_of_days(t.dbt),
    }


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    return {"plain": plain_sums(bench.seen, bench.as_of, bench.policy.windows)}


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    return {"trade_index": reference_index(bench.facts, bench.rates)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return index_columns(t)


AREA = Area("payment_index", sums=_sums, of_party=_of_party, columns=_columns)
