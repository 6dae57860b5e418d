"""Why a decision is as it is: ranked reasons, and the points behind the score, as long tables.

Order: hard stops, flags (worst first), characteristics (most points lost first), then what set the
limit. Ties keep the order of flags and scorecard. Characteristics that could not be assessed are
no reasons.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.decision.rating import COUNTRY, GROUP_DRAG, GROUP_SUPPORT, moves_grades
from connector.credit.decision.verdict import Verdict, raised_flags
from connector.credit.expressions import (
    decimal_text,
    json_object,
    no_text,
    union_all,
    when,
    whole_text,
)
from connector.credit.metrics.labels import figure
from connector.credit.metrics.party import KEY
from connector.credit.policy.document import CharacteristicDoc, PolicyDoc
from connector.domain.metrics import METRICS

HARD_STOP, FLAG, CHARACTERISTIC, CAP, LIMIT = "hard_stop", "flag", "characteristic", "cap", "limit"
GRADE = "grade"
NOT_ENOUGH_DATA = "not_enough_data"
COLUMNS = (
    *KEY, "source", "code", "metric", "value", "points", "points_lost", "params", "group_no",
    "weight_no", "place_no",
)  # fmt: skip


def metric_text(t: ir.Table, name: str) -> Any:
    """Canonical text of a metric's value; null = unknown."""
    unit = METRICS[name].unit
    if unit == "count" or t[name].type().is_integer():
        return whole_text(t[name])
    return t[name].cast("string") if unit == "date" else decimal_text(t[name])


def find_reasons(verdict: Verdict, policy: PolicyDoc) -> ir.Table:
    """All reasons (COLUMNS), without order."""
    t = verdict.parties
    lines = policy.scorecard.characteristics
    parts = [
        _hard_stops(t, verdict.stops, policy),
        _flags(verdict.flags, policy),
        _unrated(t, policy),
        *(_lost_points(t, line, place) for place, line in enumerate(lines)),
        *_moved_grades(t, policy),
        _limit(t, policy),
    ]
    return union_all([part.select(*COLUMNS) for part in parts])


def rank_reasons(r: ir.Table) -> ir.Table:
    """Reasons with `rank`, 1 = first."""
    order = [r.group_no, r.weight_no.desc(), r.place_no, r.code]
    window = ibis.window(group_by=[r[name] for name in KEY], order_by=order)
    return r.mutate(rank=ibis.row_number().over(window) + 1)


def _row(t: ir.Table, source: Any, group_no: int, **columns: Any) -> ir.Table:
    blank = {
        "metric": no_text(), "value": no_text(), "points": ibis.null("int64"),
        "points_lost": ibis.null("int64"), "weight_no": ibis.literal(0, type="int64"),
        "place_no": ibis.literal(0, type="int64"), "params": ibis.literal("{}"),
    }  # fmt: skip
    named = ibis.literal(source) if isinstance(source, str) else source
    blank |= {"source": named, "group_no": ibis.literal(group_no, type="int64")}
    return t.select(*KEY, **{**blank, **columns})


def _hard_stops(t: ir.Table, stops: ir.Table, policy: PolicyDoc) -> ir.Table:
    s = t.select(*KEY).inner_join(stops, "party_id")
    since = s.since.cast("string")
    grade = ibis.literal(policy.hard_stops.grade)
    return _row(
        s, HARD_STOP, 0, code=s.code, place_no=s.place_no, value=since,
        params=json_object({"grade": grade, "since": since}),
    )  # fmt: skip


def _flags(flags: ir.Table, policy: PolicyDoc) -> ir.Table:
    codes = raised_flags(policy)
    order = [(flags.code == code, number) for number, code in enumerate(codes)]
    place = when(*order) if order else ibis.literal(0)
    return _row(
        flags, FLAG, 1, code=flags.code, value=flags.value, params=flags.params,
        weight_no=flags.severity, place_no=place.cast("int64"),
    )  # fmt: skip


def _moved_grades(t: ir.Table, policy: PolicyDoc) -> list[ir.Table]:
    """Grades that the country or the group moved; none where the policy lets neither."""
    if not moves_grades(policy):
        return []
    ways = (COUNTRY, GROUP_SUPPORT, GROUP_DRAG)
    t = t.filter(t.grade_by.isin(list(ways)))
    code, params = ibis.literal("grade_") + t.grade_by, json_object({"grade": t.grade})
    return [_row(t, GRADE, 2, code=code, params=params, value=t.grade)]


def _unrated(t: ir.Table, policy: PolicyDoc) -> ir.Table:
    t = t.filter(t.score.isnull())
    needed = figure(policy.scorecard.min_coverage, "ratio")
    known = whole_text((t.coverage * 100).floor())
    params = json_object({"known": known + " %", "needed": ibis.literal(needed)})
    return _row(
        t, CHARACTERISTIC, 2, code=ibis.literal(NOT_ENOUGH_DATA), params=params,
        value=decimal_text(t.coverage),
    )  # fmt: skip


def _lost_points(t: ir.Table, line: CharacteristicDoc, place: int) -> ir.Table:
    t = t.filter(t[f"lost_{line.id}"] > 0)
    params = json_object(
        {
            "bin": t[f"bin_{line.id}"],
            "label_en": ibis.literal(line.label_en),
            "label_zh": ibis.literal(line.label_zh),
            "metric": ibis.literal(line.metric),
            "points_lost": whole_text(t[f"lost_{line.id}"]),
        }
    )
    return _row(
        t, CHARACTERISTIC, 2, code=ibis.literal(line.id), metric=ibis.literal(line.metric),
        value=metric_text(t, line.metric), points=t[f"pts_{line.id}"],
        points_lost=t[f"lost_{line.id}"], weight_no=t[f"lost_{line.id}"],
        place_no=ibis.literal(place, type="int64"), params=params,
    )  # fmt: skip


def _limit(t: ir.Table, policy: PolicyDoc) -> ir.Table:
    """What set the proposal: a cap, the blend of the methods, or why there is no amount."""
    is_cap = (t.proposed_state == "amount") & (t.binding_cap != "blend")
    pct = policy.limit.max_up_pct
    share = policy.limit.caps.appetite_share
    params = json_object(
        {
            "grade": ibis.coalesce(t.grade, "–"),
            "max_up": ibis.literal(figure(pct, "ratio") if pct is not None else "–"),
            "share": ibis.literal(figure(share, "ratio") if share is not None else "–"),
        }
    )
    return _row(
        t, ibis.ifelse(is_cap, CAP, LIMIT), 3, code=ibis.literal("limit_") + t.binding_cap,
        params=params, value=decimal_text(t.proposed_amount),
    )  # fmt: skip


def find_points(t: ir.Table, policy: PolicyDoc) -> ir.Table:
    """Points of every characteristic (domain POINTS)."""
    parts = [
        t.select(
            *KEY,
            characteristic=ibis.literal(line.id),
            metric=ibis.literal(line.metric),
            value=metric_text(t, line.metric),
            bin=t[f"bin_{line.id}"],
            points=t[f"pts_{line.id}"],
            best=t[f"best_{line.id}"],
            place_no=ibis.literal(place),
        )
        for place, line in enumerate(policy.scorecard.characteristics)
    ]
    return union_all(parts).order_by(*KEY, "place_no")
