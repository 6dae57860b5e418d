"""The preventive action: what to do about a customer, whose job it is and by when.

The policy's table is read from the top; the first line that fits counts. The due date rests on
the day on which the flag or hard stop came up, or on the next review, so that it stands still.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import exact_money, join_left, plus_days, when
from connector.credit.policy.offer import ActionRuleDoc

_KEY = ["party_id", "selling_company"]


def choose_action(
    t: ir.Table, flags: ir.Table, stops: ir.Table, rules: tuple[ActionRuleDoc, ...]
) -> ir.Table:
    """Action, action_owner and action_due of each (party, selling company); null when none fits.

    `t` has grade, hard_stop, hold, colour, unsecured_exposure, terms_days, allowed_terms_days and
    next_review; `flags` the raised flags with `since`; `stops` the counted hard stops.
    """
    if not rules:
        nothing = {name: ibis.null("string") for name in ("action", "action_owner")}
        return t.select(*_KEY, **nothing, action_due=ibis.null("date"))
    raised = _raised(flags, rules)
    begun = stops.group_by("party_id").agg(stopped_on=stops.since.min())
    t = join_left(join_left(t, raised, _KEY), begun, ["party_id"])
    fits = [_fits(t, rule, number) for number, rule in enumerate(rules)]
    place = when(*((fit, _whole(number)) for number, fit in enumerate(fits)))
    t = t.mutate(place=place)
    lines = list(enumerate(rules))
    return t.select(
        *_KEY,
        action=when(*((t.place == n, rule.action) for n, rule in lines)),
        action_owner=when(*((t.place == n, rule.owner) for n, rule in lines)),
        action_due=when(*((t.place == n, _due(t, rule, n)) for n, rule in lines)),
    )


def _raised(flags: ir.Table, rules: tuple[ActionRuleDoc, ...]) -> ir.Table:
    """Per line that names flags: the day on which the first of them came up; null = none did."""
    first = {
        f"since_{number}": flags.since.min(
            where=flags.code.isin(list(rule.flags)) & (flags.severity >= rule.severity)
        )
        for number, rule in enumerate(rules)
        if rule.flags
    }
    first = first or {"since_none": flags.since.min()}
    return flags.group_by(*_KEY).agg(**first)


def _fits(t: ir.Table, rule: ActionRuleDoc, number: int) -> Any:
    """Whether everything that the line states is true; unknown is not."""
    tests: list[Any] = []
    if rule.hard_stop is not None:
        tests.append(t.hard_stop.notnull() == rule.hard_stop)
    if rule.hold is not None:
        tests.append(t.hold == rule.hold)
    if rule.colours:
        tests.append(t.colour.isin(list(rule.colours)))
    if rule.grades:
        tests.append(t.grade.isin(list(rule.grades)))
    if rule.flags:
        tests.append(t[f"since_{number}"].notnull())
    if rule.unsecured_above is not None:
        tests.append(t.unsecured_exposure > exact_money(rule.unsecured_above))
    if rule.terms_too_long is not None:
        too_long = ibis.coalesce(t.terms_days > t.allowed_terms_days, False)
        tests.append(too_long == rule.terms_too_long)
    result: Any = ibis.literal(True)
    for test in tests:
        result = result & ibis.coalesce(test, False)
    return result


def _due(t: ir.Table, rule: ActionRuleDoc, number: int) -> Any:
    since = ibis.null("date")
    if rule.hard_stop:
        since = t.stopped_on
    elif rule.flags:
        since = t[f"since_{number}"]
    return ibis.coalesce(plus_days(since, _whole(rule.days)), t.next_review).cast("date")


def _whole(number: int) -> Any:
    return ibis.literal(number, type="int64")
