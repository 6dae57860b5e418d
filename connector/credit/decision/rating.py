"""From the score's grade to the final one: country ceiling and group.

Grades are compared by their place in the policy's list, 0 = best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import join_left, when
from connector.credit.policy.document import PolicyDoc
from connector.credit.policy.rating import CountriesDoc, GroupDoc
from connector.domain.decision import TOTAL

SCORE, HARD_STOP, COUNTRY = "score", "hard_stop", "country"
GROUP_SUPPORT, GROUP_DRAG = "group_support", "group_drag"
"""What set the grade."""


def country_class(country: Any, rule: CountriesDoc) -> Any:
    """Class 0–7 of a country of risk; null for one that the policy does not class."""
    members: dict[int, list[str]] = {}
    for code, number in sorted(rule.classes.items()):
        members.setdefault(number, []).append(code)
    branches = [(country.isin(codes), _whole(number)) for number, codes in sorted(members.items())]
    return when(*branches, otherwise=ibis.null("int64")) if branches else ibis.null("int64")


def place_of(grade: Any, names: Sequence[str]) -> Any:
    """Place of a grade in the policy's list, 0 = best; null when unrated."""
    branches = [(grade == name, _whole(number)) for number, name in enumerate(names)]
    return when(*branches, otherwise=ibis.null("int64"))


def grade_at(place: Any, names: Sequence[str]) -> Any:
    """The grade at a place."""
    return when(*((place == number, name) for number, name in enumerate(names)))


def under_ceiling(place: Any, country: Any, rule: CountriesDoc, names: Sequence[str]) -> Any:
    """The worse of the own place and that of the country's ceiling (CTRY-CEIL)."""
    known = country_class(country, rule)
    branches = [
        (known == number, _whole(list(names).index(grade)))
        for number, grade in sorted(rule.ceilings.items())
        if grade in names
    ]
    if not branches or not rule.classes:
        return place
    ceiling = when(*branches, otherwise=ibis.null("int64"))
    return ibis.ifelse(place.isnull(), place, ibis.greatest(place, ibis.coalesce(ceiling, place)))


def with_parent(place: Any, parent: Any, rule: GroupDoc) -> Any:
    """The place with the parent's weight: a better parent lifts, a worse one pulls down.

    Up by at most `support_notches` and never above the parent; down until `drag_notches` above it.
    """
    lifted = ibis.greatest(parent, place - rule.support_notches)
    result = ibis.ifelse(ibis.coalesce(parent < place, False), lifted, place)
    if rule.drag_notches is None:
        return result
    pulled = ibis.greatest(place, parent - rule.drag_notches)
    return ibis.ifelse(ibis.coalesce(parent > place, False), pulled, result)


def settle_grade(graded: ir.Table, parties: ir.Table, policy: PolicyDoc) -> ir.Table:
    """Add `grade_by`, and move `grade` by country and group where the policy says so.

    Hard stops and missing scores stay as they are. The group's weight is that of its parent's
    total row, after the country's ceiling; a parent lends its own members only.
    """
    first = when(
        (graded.hard_stop.notnull(), HARD_STOP), (graded.grade.notnull(), SCORE),
        otherwise=ibis.null("string"),
    )  # fmt: skip
    t = graded.mutate(grade_by=first)
    names = policy.grade_names
    if _has_ceilings(policy):
        t = _under_ceilings(t, parties, policy.countries, names)
    if _has_groups(policy):
        t = _in_groups(t, parties, policy.group, names)
    return t


def moves_grades(policy: PolicyDoc) -> bool:
    """Whether the policy lets anything move the score's grade."""
    return _has_ceilings(policy) or _has_groups(policy)


def _has_ceilings(policy: PolicyDoc) -> bool:
    return bool(policy.countries.classes and policy.countries.ceilings)


def _has_groups(policy: PolicyDoc) -> bool:
    return bool(policy.group.support_notches) or policy.group.drag_notches is not None


def _under_ceilings(
    t: ir.Table, parties: ir.Table, rule: CountriesDoc, names: Sequence[str]
) -> ir.Table:
    t = join_left(t, parties.select(*_KEY, "country"), _KEY)
    place = place_of(t.grade, names)
    moved = under_ceiling(place, t.country, rule, names)
    return _moved(t, place, moved, {COUNTRY: moved > place}, names).drop("country")


def _in_groups(t: ir.Table, parties: ir.Table, rule: GroupDoc, names: Sequence[str]) -> ir.Table:
    t = join_left(t, parties.select(*_KEY, "group_id"), _KEY)
    parents = t.filter(t.selling_company == TOTAL, t.party_id == t.group_id)
    parents = parents.select("group_id", parent=place_of(parents.grade, names))
    t = join_left(t, parents, ["group_id"])
    place = place_of(t.grade, names)
    parent = ibis.ifelse(t.party_id == t.group_id, ibis.null("int64"), t.parent)
    moved = with_parent(place, parent, rule)
    ways = {GROUP_SUPPORT: moved < place, GROUP_DRAG: moved > place}
    return _moved(t, place, moved, ways, names).drop("group_id", "parent")


_KEY = ["party_id", "selling_company"]


def _moved(
    t: ir.Table, place: Any, moved: Any, ways: Mapping[str, Any], names: Sequence[str]
) -> ir.Table:
    """Take over the moved places of rated parties without a hard stop, and say what moved them."""
    free = t.hard_stop.isnull() & place.notnull()
    by = when(*((free & way, name) for name, way in ways.items()), otherwise=t.grade_by)
    grade = ibis.ifelse(free, grade_at(moved, names), t.grade)
    return t.mutate(grade=grade, grade_by=by)


def _whole(number: int) -> Any:
    return ibis.literal(number, type="int64")
