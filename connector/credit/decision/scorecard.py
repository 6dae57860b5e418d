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

from connector.credit.expressions import exact, ratio, union_all, when
from connector.credit.facts import Facts
from connector.credit.metrics.labels import bin_label
from connector.credit.policy.document import CharacteristicDoc, GradeDoc, HardStopsDoc, ScorecardDoc
from connector.domain.decision import TOTAL
from connector.domain.metrics import METRICS

NOT_ASSESSED = "not_assessed"
"""Bin of an unknown value."""


def score(t: ir.Table, card: ScorecardDoc) -> ir.Table:
    """Score, coverage and, for each characteristic k, pts_k, best_k, lost_k and bin_k.

    Σ pts_k = score (SC-MISSING with `renormalise`: 68 of 100, coverage 0.75). Half-up. On a card
    with the scale `points` the points are taken as they are (SC-POINTS). Below the card's coverage
    score and points are null.
    """
    lines = card.characteristics
    t = t.select("party_id", "selling_company", *sorted({line.metric for line in lines}))
    t = t.select(
        "party_id",
        "selling_company",
        known=sum((ibis.ifelse(t[x.metric].notnull(), x.weight, 0) for x in lines), start=_none()),
        **{f"raw_{line.id}": _raw_points(t, line) for line in lines},
        **{f"bin_{line.id}": _bin(t, line) for line in lines},
    )
    weights = {line.id: _weight(t, line) for line in lines}
    whole = ibis.literal(sum(line.weight for line in lines)).cast("decimal(18, 10)")
    t = t.mutate(
        coverage=ratio(t.known.cast("decimal(18, 10)"), whole),
        card_scale=sum(weights.values(), start=_none()),
        **{f"weight_{name}": weight for name, weight in weights.items()},
    )
    return _add_rounded(t, card)


def _none() -> Any:
    return ibis.literal(0, type="int64")


def _add_rounded(t: ir.Table, card: ScorecardDoc) -> ir.Table:
    """Points along their running sum, which is scaled to 100 and rounded unless the card says."""
    to_hundred = card.scale == "hundred"
    scored = (t.coverage >= card.min_coverage) & (t.card_scale > 0)
    got, most = _none(), _none()
    columns: dict[str, Any] = {}
    for line in card.characteristics:
        got = got + ibis.coalesce(t[f"raw_{line.id}"], 0)
        most = most + t[f"weight_{line.id}"]
        columns[f"got_{line.id}"] = _scaled(got, t.card_scale) if to_hundred else got
        columns[f"most_{line.id}"] = _scaled(most, t.card_scale) if to_hundred else most
    t = t.mutate(**columns, scored=scored)
    return _points_of_sums(t, card.characteristics)


def _points_of_sums(t: ir.Table, lines: Sequence[CharacteristicDoc]) -> ir.Table:
    got_before, most_before = _none(), _none()
    columns: dict[str, Any] = {}
    unknown = ibis.null("int64")
    for line in lines:
        got, most = t[f"got_{line.id}"], t[f"most_{line.id}"]
        counts = t.scored & (t[f"weight_{line.id}"] > 0)
        points = got - got_before
        # In the best bin nothing is lost, whichever way the running sums were rounded.
        top = t[f"raw_{line.id}"] == max(item.points for item in line.bins)
        best = ibis.ifelse(top, points, ibis.greatest(most - most_before, points))
        columns[f"pts_{line.id}"] = ibis.ifelse(counts, points, unknown)
        columns[f"best_{line.id}"] = ibis.ifelse(counts, best, ibis.literal(line.weight, "int64"))
        columns[f"lost_{line.id}"] = ibis.ifelse(counts, best - points, unknown)
        got_before, most_before = got, most
    score = ibis.ifelse(t.scored, got_before, unknown)
    bins = [f"bin_{line.id}" for line in lines]
    return t.select("party_id", "selling_company", "coverage", *bins, **columns, score=score)


def _scaled(points: Any, scale: Any) -> Any:
    """points × 100 ÷ scale, rounded half-up, in whole numbers throughout (SC-ORACLE-ROUND)."""
    return ((points * 200 + scale) // (scale * 2).nullif(0)).cast("int64")


def _in_bin(value: Any, above: Decimal | None, up_to: Decimal | None) -> Any:
    tests = [ibis.literal(True)]
    if above is not None:
        tests.append(value > exact(above))
    if up_to is not None:
        tests.append(value <= exact(up_to))
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


OVER_INDEBTED = "over_indebted"
"""Code of the hard stop for negative equity, for policies that name it."""


def counted_stops(facts: Facts, parties: ir.Table, rule: HardStopsDoc) -> ir.Table:
    """Hard stops that the policy names and that have begun, with their place in its order.

    They come as findings, as public events of that kind that are not over, and, where the policy
    names `over_indebted`, from negative equity in the latest usable statement.
    """
    found = facts["hard_stop"].select("party_id", "code", "since")
    events = facts["event"].filter(~ibis.coalesce(facts["event"].ended_on <= facts.as_of, False))
    sources = [found, events.select("party_id", code=events.kind, since=events.since)]
    if OVER_INDEBTED in rule.codes:
        p = parties.filter(parties.selling_company == TOTAL, parties.statement_equity < 0)
        code = ibis.literal(OVER_INDEBTED)
        sources.append(p.select("party_id", code=code, since=p.statement_end))
    s = union_all(sources)
    begun = s.since.isnull() | (s.since <= facts.as_of)
    s = s.filter(s.code.isin(list(rule.codes)), begun)
    s = s.group_by("party_id", "code").agg(since=s.since.min())
    place = when(*((s.code == code, number) for number, code in enumerate(rule.codes)), otherwise=0)
    return s.mutate(place_no=place.cast("int64"))


def first_stop(stops: ir.Table, rule: HardStopsDoc) -> ir.Table:
    """The first hard stop of each party in the policy's order (SC-HARDSTOP)."""
    first = stops.group_by("party_id").agg(place_no=stops.place_no.min())
    branches = [(first.place_no == number, code) for number, code in enumerate(rule.codes)]
    code = when(*branches) if branches else ibis.null("string")
    return first.select("party_id", hard_stop=code)


def grade(t: ir.Table, bands: Sequence[GradeDoc], rule: HardStopsDoc) -> ir.Table:
    """Add `grade`: the hard stop's, else the band of the score; the score stays as it is."""
    branches = [(t.score >= band.from_score, band.grade) for band in bands]
    by_score = ibis.ifelse(t.score.notnull(), when(*branches), ibis.null("string"))
    stopped = ibis.literal(rule.grade)
    return t.mutate(grade=ibis.ifelse(t.hard_stop.notnull(), stopped, by_score))
