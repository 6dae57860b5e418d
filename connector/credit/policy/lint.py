"""Reading a policy document and finding everything that is wrong with it.

A problem is one plain sentence: where, what, and what to do. Nothing stops at the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

import yaml
from pydantic import ValidationError

from connector.credit.flags import FLAGS
from connector.credit.policy.document import CharacteristicDoc, PolicyDoc
from connector.credit.policy.lint_collateral import find_collateral_problems
from connector.credit.policy.lint_conditions import find_condition_problems
from connector.credit.policy.lint_rating import find_rating_problems
from connector.credit.policy.lint_terms import find_terms_problems
from connector.credit.policy.portfolio import find_concentration_problems
from connector.credit.policy.procedure import find_procedure_problems
from connector.domain.metrics import AFTER_GRADE, METRICS
from connector.errors import PolicyError

MAX_BYTES = 500_000


def load_policy(text: str, where: str = "") -> PolicyDoc:
    """The checked policy: shape first, then sense.

    PolicyError lists all problems of the stage, each a sentence with its next step.
    """
    try:
        document = PolicyDoc.model_validate(_read_yaml(text))
    except ValidationError as error:
        raise _refuse([_shape_problem(e) for e in error.errors()], where) from None
    except ValueError as error:
        raise _refuse([str(error)], where) from None
    problems = list(find_problems(document))
    if problems:
        raise _refuse(problems, where)
    return document


def find_problems(policy: PolicyDoc) -> Iterator[str]:
    """Everything that is well-formed but makes no sense."""
    yield from _scorecard_problems(policy)
    yield from _grade_problems(policy)
    yield from _flag_problems(policy)
    yield from _limit_problems(policy)
    yield from _number_problems(policy)
    yield from find_collateral_problems(policy)
    yield from find_condition_problems(policy.conditions)
    yield from find_terms_problems(policy)
    yield from find_procedure_problems(policy.authority, policy.reminders)
    yield from find_concentration_problems(policy.concentration)
    yield from find_rating_problems(
        policy.statements, policy.countries, policy.offer, policy.grade_names, _made(policy)
    )


def _read_yaml(text: str) -> object:
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise ValueError("The document is larger than 500 kB: split off what is no policy.")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, yaml.SafeLoader)):
            raise ValueError("The document uses YAML aliases: write the values out.")
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "the text"
        raise ValueError(f"This is not YAML at {place}: mend the indentation or quotes.") from None
    except RecursionError:
        raise ValueError("The document is nested too deeply: flatten it.") from None
    if not isinstance(data, dict):
        raise ValueError("The document is not a list of keys: start from a shipped policy.")
    return data


def _refuse(problems: Sequence[str], where: str) -> PolicyError:
    listed = " ".join(f"{number}. {text}" for number, text in enumerate(problems, 1))
    return PolicyError(
        "The policy cannot be used. {listed}",
        where=where,
        next_step="Mend the document and check it again.",
        problems=problems,
        listed=listed,
    )


def _shape_problem(error: object) -> str:
    detail = dict(error)  # type: ignore[call-overload]
    place = ".".join(str(part) for part in detail["loc"]) or "the document"
    if detail["type"] == "extra_forbidden":
        return f"{place} is not known: remove it or correct its spelling."
    if detail["type"] == "missing":
        return f"{place} is missing: add it."
    reason = str(detail["msg"]).removeprefix("Input ").removeprefix("Value error, ")
    return f"{place}: {reason}; correct the value."


def _scorecard_problems(policy: PolicyDoc) -> Iterator[str]:
    lines = policy.scorecard.characteristics
    if policy.scorecard.scale == "hundred":
        yield from _hundred_problems(policy)
    else:
        yield from _fitted_problems(policy)
    for name in _doubles([line.id for line in lines]):
        yield f"scorecard.{name} stands there twice: give each characteristic its own id."
    for line in lines:
        yield from _characteristic_problems(line)


def _hundred_problems(policy: PolicyDoc) -> Iterator[str]:
    lines = policy.scorecard.characteristics
    total = sum(line.weight for line in lines)
    if total != 100:
        yield f"scorecard: the weights add up to {total}: make them add up to 100."
    for line in lines:
        if min(line.neutral_points, *(item.points for item in line.bins)) < 0:
            yield f"scorecard.{line.id}: points lie below 0: raise them, or set scale to points."
    for band in policy.grades:
        if band.from_score > 100:
            yield f"grades.{band.grade}: starts from {band.from_score}: start from 100 or less."


def _fitted_problems(policy: PolicyDoc) -> Iterator[str]:
    lines = policy.scorecard.characteristics
    for line in lines:
        if line.missing == "renormalise":
            yield (
                f"scorecard.{line.id}: a card with scale points cannot renormalise: set missing to "
                "neutral and give neutral_points."
            )
    worst = sum(min(line.neutral_points, *(b.points for b in line.bins)) for line in lines)
    if worst < 0:
        yield f"scorecard: the worst sum of points is {worst}: add points until it is 0 or more."


def _characteristic_problems(line: CharacteristicDoc) -> Iterator[str]:
    where = f"scorecard.{line.id}"
    metric = METRICS.get(line.metric)
    if metric in AFTER_GRADE:
        yield f"{where}: {line.metric} rests on the grade, which comes after: choose another."
    elif metric is None or metric.unit == "date":
        known = ", ".join(m.name for m in METRICS.values() if m.unit != "date")
        yield f"{where}: the metric {line.metric} is not known: choose one of {known}."
    best = max(item.points for item in line.bins)
    if best != line.weight:
        yield f"{where}: the best bin gives {best} points, the weight is {line.weight}: equal them."
    if line.neutral_points > line.weight:
        yield f"{where}: neutral_points exceed the weight: lower them to {line.weight} or less."
    if line.bins[0].above is not None:
        yield f"{where}: the first bin starts above {line.bins[0].above}: remove its above."
    if line.bins[-1].up_to is not None:
        yield f"{where}: the last bin ends at {line.bins[-1].up_to}: remove its up_to."
    for item, following in pairwise(line.bins):
        yield from _seam_problems(where, item.up_to, following.above)
    for item in line.bins:
        if item.above is not None and item.up_to is not None and item.above >= item.up_to:
            yield f"{where}: the bin {item.above} to {item.up_to} is empty: order its bounds."


def _seam_problems(where: str, up_to: Decimal | None, above: Decimal | None) -> Iterator[str]:
    if up_to is None or above is None:
        yield f"{where}: an inner bin has no bound: give every inner bin above and up_to."
    elif above > up_to:
        yield f"{where}: there is a gap between {up_to} and {above}: let the bins meet."
    elif above < up_to:
        yield f"{where}: two bins overlap between {above} and {up_to}: let the bins meet."


def _grade_problems(policy: PolicyDoc) -> Iterator[str]:
    for name in _doubles(policy.grade_names):
        yield f"grades: {name} stands there twice: keep one band for each grade."
    starts = [band.from_score for band in policy.grades]
    if any(first <= second for first, second in pairwise(starts)):
        yield "grades: the scores do not fall from band to band: list the best grade first."
    if starts[-1] != 0:
        yield f"grades: scores below {starts[-1]} have no grade: let the last band start from 0."
    known = set(policy.grade_names)
    used = {
        "hard_stops.grade": (policy.hard_stops.grade,),
        "hold.grades": policy.hold.grades,
        "amber.grades": policy.amber.grades,
        "limit.cash_only_grades": policy.limit.cash_only_grades,
    }
    band = policy.limit.methods.score_band
    if band:
        used["limit.methods.score_band.multipliers"] = tuple(band.multipliers)
        for grade in sorted(known - set(band.multipliers) - set(policy.limit.cash_only_grades)):
            yield f"limit.methods.score_band: grade {grade} has no multiplier: add one."
    for where, names in used.items():
        for name in names:
            if name not in known:
                yield f"{where}: the grade {name} is not known: add it to grades or remove it."


def _made(policy: PolicyDoc) -> tuple[str, ...]:
    """Every flag that can be raised: the shipped ones and the admin's conditions."""
    return (*FLAGS, *(condition.flag for condition in policy.conditions))


def _flag_problems(policy: PolicyDoc) -> Iterator[str]:
    for where, names, known in (
        ("flags", policy.flags, FLAGS), ("hold.flags", policy.hold.flags, _made(policy)),
    ):  # fmt: skip
        for name in names:
            if name not in known:
                yield f"{where}: the flag {name} is not known: choose one of {', '.join(known)}."
    for name, flag in policy.flags.items():
        pairs = [(step.above, step.severity) for step in flag.steps]
        if pairs != sorted(pairs) or len({a for a, _ in pairs}) < len(pairs):
            yield f"flags.{name}: the steps do not rise: order them by above and severity."


def _limit_problems(policy: PolicyDoc) -> Iterator[str]:
    methods, limit = policy.limit.methods, policy.limit
    listed = (getattr(methods, name) for name in type(methods).model_fields)
    given = [method for method in listed if method is not None]
    if not any(method.weight > 0 for method in given):
        yield "limit.methods: no method has a weight: give at least one a weight above 0."
    band = methods.score_band
    if band and (band.base_amount is None) == (band.base_months_of_sales is None):
        yield "limit.methods.score_band: give base_amount or base_months_of_sales, not both."
    starts = [step.from_amount for step in limit.steps]
    if starts[0] != 0:
        yield f"limit.steps: amounts below {starts[0]} have no step: let the first start from 0."
    if any(first >= second for first, second in pairwise(starts)):
        yield "limit.steps: the starting amounts do not rise: order them."


def _number_problems(policy: PolicyDoc) -> Iterator[str]:
    hold, windows = policy.hold, policy.windows
    if hold.release_below > hold.above:
        yield "hold: release_below is larger than above: release at or below the holding point."
    if windows.trend_days >= windows.behaviour_days:
        yield "windows: trend_days leave nothing to compare with: keep them below behaviour_days."
    lists: dict[str, Sequence[Decimal | int]] = {
        "ageing.buckets": policy.ageing.buckets,
        "band.utilisation": policy.band.utilisation,
        "band.overdue_ratio": policy.band.overdue_ratio,
    }
    for where, values in lists.items():
        if list(values) != sorted(set(values)) or any(value <= 0 for value in values):
            yield f"{where}: the figures must be above 0 and rise: order them."
    for name in _doubles(policy.matching):
        yield f"matching: {name} stands there twice: name each step once."


def _doubles(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if list(names).count(name) > 1})
