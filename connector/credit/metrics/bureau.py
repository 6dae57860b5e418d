"""What rating bureaus say, on one scale: 0 (worst) to 100 (best).

Bureaus' scales run both ways and carry status codes among their figures: a report counts only with
its scale and direction, and a figure outside the scale is a status, never a score.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import convert, date_text, days_between, exact, joined, when
from connector.credit.facts import Facts
from connector.credit.metrics.papers import paper_rows
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.rating import BureauDoc

NUMBER = "decimal(18, 4)"


def on_our_scale(t: ir.Table) -> Any:
    """(score − low) ÷ (high − low) × 100, turned round where lower is better; four digits.

    Null without score, scale or direction, and for figures outside the scale (status codes).
    """
    width = (t.scale_high - t.scale_low).cast("float64")
    part = (t.score - t.scale_low).cast("float64") / width.nullif(0) * 100.0
    turned = ibis.ifelse(t.higher_is_better, part, 100.0 - part)
    inside = (t.score >= t.scale_low) & (t.score <= t.scale_high) & (width > 0)
    known = ibis.coalesce(inside, False) & t.higher_is_better.notnull()
    return ibis.ifelse(known, turned, ibis.null("float64")).round(4).cast(NUMBER)


def points_of_class(t: ir.Table, rule: BureauDoc) -> Any:
    """What the policy takes the published class for; null where it names none."""
    branches = [
        ((t.bureau == bureau) & (t.rating == name), ibis.literal(value, type=NUMBER))
        for bureau, classes in rule.classes.items()
        for name, value in classes.items()
    ]
    return when(*branches, otherwise=ibis.null(NUMBER)) if branches else ibis.null(NUMBER)


def report_rows(facts: Facts, rule: BureauDoc) -> ir.Table:
    """Reports dated up to the valuation date, `place` 0 = the newest of its bureau and score.

    `usable`: not past its licence and not older than the policy allows.
    """
    r = facts["bureau_report"]
    now = facts.as_of
    r = r.filter(r.as_of <= now)
    age = days_between(now, r.as_of)
    series = [r.party_id, r.bureau, ibis.coalesce(r.score_name, "")]
    order = [r.as_of.desc(), r.connection, r.id]
    place = ibis.row_number().over(ibis.window(group_by=series, order_by=order))
    lapsed = ibis.coalesce(r.valid_to < now, False)
    return r.mutate(
        place=place,
        series=ibis.coalesce(r.score_name, ""),
        age=age,
        usable=~lapsed & (age <= rule.max_age_days),
        value=ibis.coalesce(on_our_scale(r), points_of_class(r, rule)),
    )


def newest_scores(rows: ir.Table, rule: BureauDoc) -> ir.Table:
    """One score a party: the preferred bureau's, else the newest; of equal ones the lower.

    bureau_score on 0–100, higher is better; bureau_pd a fraction, only where the bureau states one.
    """
    t = rows.filter(rows.place == 0, rows.usable, rows.value.notnull())
    wish = when(
        *((t.bureau == bureau, number) for number, bureau in enumerate(rule.preferred)),
        otherwise=len(rule.preferred),
    ) if rule.preferred else ibis.literal(0)  # fmt: skip
    order = [wish, t.as_of.desc(), t.value, t.bureau, t.series]
    first = ibis.row_number().over(ibis.window(group_by=t.party_id, order_by=order))
    t = t.mutate(first=first).filter(lambda x: x["first"] == 0)
    return t.select("party_id", bureau_score=t.value, bureau_pd=t.pd)


def score_changes(rows: ir.Table, rule: BureauDoc) -> ir.Table:
    """Worst change of a score against the report before of the same bureau and score (EW11).

    `bureau_fell_below`: 1 when one of them fell below the policy's cut-off by it.

    bureau_change in points of the 0–100 scale, negative for worse; null without a report before.
    """
    keys = ["party_id", "bureau", "series"]
    now = rows.filter(rows.place == 0, rows.usable)
    before = rows.filter(rows.place == 1).select(*keys, before=rows.value)
    t = now.select(*keys, now=now.value).inner_join(before, keys)
    t = t.mutate(change=t.now - t.before).filter(lambda x: x.change.notnull())
    cut_off = exact(rule.cut_off)
    fell = ((t.before >= cut_off) & (t.now < cut_off)).cast("int64")
    return t.group_by("party_id").agg(
        bureau_change=t.change.min().cast(NUMBER), bureau_fell_below=fell.max()
    )


def recommended_limits(rows: ir.Table, rates: ir.Table) -> ir.Table:
    """The least maximum that a bureau recommends in its newest usable report, company currency.

    The metric bureau_limit; null when none recommends one or its rate is unknown.
    """
    t = rows.filter(rows.place == 0, rows.usable, rows.recommended_limit.notnull())
    t = in_base(t, rates)
    t = t.mutate(base=convert(t.recommended_limit, t.rate))
    return t.group_by("party_id").agg(bureau_limit=t.base.min())


def report_dates(rows: ir.Table) -> ir.Table:
    """Day of the newest report of any bureau, and its age in days (EW19).

    bureau_report_on and bureau_age_days, usable or not; null when no bureau ever reported.
    """
    t = rows.group_by("party_id").agg(bureau_report_on=rows.as_of.max(), age=rows.age.min())
    return t.select("party_id", "bureau_report_on", bureau_age_days=t.age)


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    rule = bench.policy.bureau
    rows = bench.stage.keep("bureau_rows", report_rows(bench.facts, rule))
    return {
        "bureau_dates": report_dates(rows),
        "bureau_score": newest_scores(rows, rule),
        "bureau_change": score_changes(rows, rule),
        "bureau_limit": recommended_limits(rows, bench.rates),
    }


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    """Reports so far, the latest first, with the maximum they recommend."""
    r = bench.facts["bureau_report"]
    r = r.filter(r.as_of <= bench.as_of)
    named = joined([r.bureau, ibis.literal(" "), date_text(r.as_of)])
    shown = paper_rows(r, "bureau_report", r.as_of, number=named, amount=r.recommended_limit)
    return {"bureau": shown}


AREA = Area("bureau", of_party=_of_party, documents=_documents)
