"""What makes no sense in the sections on terms, calendars and lines of business."""

from __future__ import annotations

from collections.abc import Iterator

from connector.credit.policy.document import PolicyDoc


def find_terms_problems(policy: PolicyDoc) -> Iterator[str]:
    """Days that are worked and off, warnings out of order, dimensions named twice."""
    rules = policy.calendar
    for country in sorted(set(rules.days_off) & set(rules.working_days)):
        for day in sorted(set(rules.days_off[country]) & set(rules.working_days[country])):
            yield f"calendar: {day} is a day off and a working day in {country}: keep one of them."
    alerts = policy.terms.alert_days
    if list(alerts) != sorted(set(alerts), reverse=True):
        yield "terms.alert_days: the days do not fall: list the earliest warning first."
    names = policy.lines.dimensions
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"lines.dimensions: {name} stands there twice: name each once."
