"""Does a customer pay unlike itself: recent lateness against its own mean and spread."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import per_unit
from connector.credit.metrics.payment_index import spread
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.behaviour import PatternDoc

NUMBER = "decimal(18, 10)"


def late_sums(items: ir.Table) -> ir.Table:
    """Days past due of open undisputed overdue items, each item once, per (party, seller)."""
    late = items.filter(items.days_past_due > 0, items.undisputed_open > 0)
    return late.group_by("party_id", seller=late.seller).agg(
        open_late_days=late.days_past_due.sum().cast("int64")
    )


def deviation(recent: Any, usual: Any, usual_spread: Any, least: Any) -> Any:
    """(recent − usual) ÷ spread, the spread being at least `least`; null when any is unknown."""
    wide = ibis.greatest(usual_spread.cast("float64"), least.cast("float64"))
    value = (recent - usual).cast("float64") / wide.nullif(0)
    value = value.round(6).cast(NUMBER)
    known = recent.notnull() & usual.notnull() & usual_spread.notnull()
    return ibis.ifelse(known, value, ibis.null(NUMBER))


def pattern_columns(t: ir.Table, rule: PatternDoc) -> dict[str, Any]:
    """`dbt_deviation`: recent mean days beyond terms less the mean before, in spreads before.

    Every payment counts once, so one large invoice does not decide. Open overdue items count to
    the recent side at their present age where that raises the mean: an item that is only a little
    late so far must not make the customer look quicker. Null with fewer items than the policy
    asks for on either side.
    """
    before = t.plain_items - t.plain_recent
    usual = per_unit(t.plain_beyond - t.recent_days, before)
    wide = spread(t.plain_beyond - t.recent_days, t.plain_squares - t.recent_squares, before)
    paid = per_unit(t.recent_days, t.plain_recent)
    with_open = per_unit(t.recent_days + t.open_late_days, t.plain_recent + t.late_items)
    recent = ibis.greatest(ibis.coalesce(paid, with_open), with_open)
    enough = (t.plain_recent + t.late_items >= rule.min_items) & (before >= rule.min_items_before)
    found = deviation(recent, usual, wide, ibis.literal(rule.least_spread_days))
    return {"dbt_deviation": ibis.ifelse(enough, found, ibis.null(NUMBER))}


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    return {"open_late": late_sums(bench.items)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return pattern_columns(t, bench.policy.behaviour.pattern)


AREA = Area("pattern", sums=_sums, columns=_columns)
