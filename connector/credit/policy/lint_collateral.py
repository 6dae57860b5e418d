"""Sense of the sections on collateral and loss."""

from __future__ import annotations

from collections.abc import Iterator

from connector.credit.policy.document import PolicyDoc
from connector.domain.metrics import AFTER_GRADE


def find_collateral_problems(policy: PolicyDoc) -> Iterator[str]:
    """Everything in those sections that is well-formed but makes no sense."""
    yield from _loss_problems(policy)
    yield from _provision_problems(policy)
    late = {metric.name for metric in AFTER_GRADE}
    for line in policy.scorecard.characteristics:
        if line.metric in late:
            yield f"scorecard.{line.id}: {line.metric} rests on the grade: choose another metric."
    kinds = policy.collateral.guarantees
    for kind in kinds.substitution:
        if kind not in kinds.haircuts:
            yield f"collateral.guarantees.haircuts: {kind} is missing and counts nothing: add it."


def _loss_problems(policy: PolicyDoc) -> Iterator[str]:
    given = policy.loss.pd_by_grade
    for grade in given:
        if grade not in policy.grade_names:
            known = ", ".join(policy.grade_names)
            yield f"loss.pd_by_grade: there is no grade {grade}: choose one of {known}."
    for grade in policy.grade_names:
        if given and grade not in given:
            yield f"loss.pd_by_grade: grade {grade} is missing: give it a probability."
    falling = [given[grade] for grade in policy.grade_names if grade in given]
    if falling != sorted(falling):
        yield "loss.pd_by_grade: a better grade has a higher probability: order them."


def _provision_problems(policy: PolicyDoc) -> Iterator[str]:
    rule = policy.loss.provision
    buckets = len(policy.ageing.buckets) + 2
    lists = {"rates": rule.rates} | {f"segments.{s.name}": s.rates for s in rule.segments}
    for where, rates in lists.items():
        if rates and len(rates) != buckets:
            yield (
                f"loss.provision.{where}: {len(rates)} rates for {buckets} buckets: give one for "
                "what is not due, one for each ageing bucket, and one beyond the last."
            )
    if rule.segments and not rule.rates:
        yield "loss.provision: segments without rates for the rest: give rates too."
    names = [s.name for s in rule.segments]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"loss.provision.segments: {name} stands there twice: give each its own name."
