"""Points, score and grade.

Each characteristic's metric falls into a bin and gets its points. Missing values follow the
characteristic's policy, never zero. Points are whole: they are scaled to 100 by what could be
assessed and rounded along their running sum, so that they always add up to the score.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import ratio, when
from connector.credit.metrics import METRICS, bin_label
from connector.credit.policy import CharacteristicDoc, GradeDoc, HardStopsDoc, ScorecardDoc

NOT_ASSESSED = "not_assessed"
"""Bin of an unknown value."""


def score(t: ir.Table, card: ScorecardDoc) -> ir.Table:
    """Add score, coverage and, for each characteristic k, pts_k, best_k, lost_k and bin_k.

    Σ pts_k = score (SC-MISSING with `renormalise`: 68 of 100, coverage 0.75). Half-up. Below the
    card's coverage score and points are null.
    """
    lines = card.characteristics
    t = t.mutate(**{f"raw_{line.id}": _raw_points(t, line) for line in lines})
    t = t.mutate(
        **{f"bin_{line.id}": _bin(t, line) for line in lines},
        **{f"weight_{line.id}": _weight(t, line) for line in lines},
    )
    known = sum((ibis.ifelse(t[x.metric].notnull(), x.weight, 0) for x in lines), start=_none())
    scale = sum((t[f"weight_{line.id}"] for line in lines), start=_none())
    whole = ibis.literal(100).cast("decimal(18, 10)")
    t = t.mutate(coverage=ratio(known.cast("decimal(18, 10)"), whole), card_scale=scale)
    t = t.mutate(scored=(t.coverage >= card.min_coverage) & (t.card_scale > 0))
    return _add_rounded(t, lines)


def _none() -> Any:
    return ibis.literal(0, type="int64")


def _add_rounded(t: ir.Table, lines: Sequence[CharacteristicDoc]) -> ir.Table:
    got: Any = _none()
    most: Any = _none()
    columns: dict[str, Any] = {}
    got_before, most_before = _none(), _none()
    for line in lines:
        got = got + ibis.coalesce(t[f"raw_{line.id}"], 0)
        most = most + t[f"weight_{line.id}"]
        got_here, most_here = _scaled(got, t.card_scale), _scaled(most, t.card_scale)
        counts = t.scored & (t[f"weight_{line.id}"] > 0)
        points = ibis.ifelse(counts, got_here - got_before, ibis.null("int64"))
        best = ibis.greatest(most_here - most_before, got_here - got_before)
        columns[f"pts_{line.id}"] = points
        columns[f"best_{line.id}"] = ibis.ifelse(counts, best, ibis.literal(line.weight, "int64"))
        got_before, most_before = got_here, most_here
    t = t.mutate(**columns, score=ibis.ifelse(t.scored, got_before, ibis.null("int64")))
    lost = {f"lost_{x.id}": t[f"best_{x.id}"] - t[f"pts_{x.id}"] for x in lines}
    return t.mutate(**lost)


def _scaled(points: Any, scale: Any) -> Any:
    """points × 100 ÷ scale, rounded half-up, in whole numbers throughout (SC-ORACLE-ROUND)."""
    return ((points * 200 + scale) // (scale * 2).nullif(0)).cast("int64")


def _in_bin(value: Any, above: Decimal | None, up_to: Decimal | None) -> Any:
    tests = [ibis.literal(True)]
    if above is not None:
        tests.append(value > above)
    if up_to is not None:
        tests.append(value <= up_to)
    result = tests[-1] if len(tests) < 3 else tests[1] & tests[2]
    return value.notnull() & result


def _raw_points(t: ir.Table, line: CharacteristicDoc) -> Any:
    value = t[line.metric]
    points = [item.points for item in line.bins]
    missing = {"renormalise": None, "neutral": line.neutral_points, "conservative": min(points)}
    rest = missing[line.missing]
    otherwise = ibis.null("int64") if rest is None else ibis.literal(rest, type="int64")
    branches = [
        (_in_bin(value, item.above, item.up_to), ibis.literal(item.points, type="int64"))
        for item in line.bins
    ]
    return when(*branches, otherwise=otherwise)


def _bin(t: ir.Table, line: CharacteristicDoc) -> Any:
    value = t[line.metric]
    branches = [
        (_in_bin(value, item.above, item.up_to), label)
        for item, label in zip(line.bins, bin_labels(line), strict=True)
    ]
    return when(*branches, otherwise=NOT_ASSESSED)


def bin_labels(line: CharacteristicDoc) -> list[str]:
    """Labels of a characteristic's bins: the policy's own, else the bounds written out."""
    unit = METRICS[line.metric].unit
    return [item.label or bin_label(item.above, item.up_to, unit) for item in line.bins]


def _weight(t: ir.Table, line: CharacteristicDoc) -> Any:
    known = t[f"raw_{line.id}"].notnull()
    return ibis.ifelse(known, ibis.literal(line.weight, type="int64"), _none())


def hard_stop_of(stops: ir.Table, rule: HardStopsDoc, as_of: Any) -> ir.Table:
    """The first hard stop of each party in the policy's order (SC-HARDSTOP)."""
    s = stops.filter(stops.code.isin(list(rule.codes)), stops.since.isnull() | (stops.since <= as_of))
    order = when(*((s.code == code, number) for number, code in enumerate(rule.codes)))
    first = s.mutate(place=order).group_by("party_id").agg(place=lambda x: x.place.min())
    code = when(*((first.place == number, code) for number, code in enumerate(rule.codes)))
    return first.select("party_id", hard_stop=code)


def grade(t: ir.Table, bands: Sequence[GradeDoc], rule: HardStopsDoc) -> ir.Table:
    """Add `grade`: the hard stop's, else the band of the score; the score stays as it is."""
    branches = [(t.score >= band.from_score, band.grade) for band in bands]
    by_score = ibis.ifelse(t.score.notnull(), when(*branches), ibis.null("string"))
    stopped = ibis.literal(rule.grade)
    return t.mutate(grade=ibis.ifelse(t.hard_stop.notnull(), stopped, by_score))
