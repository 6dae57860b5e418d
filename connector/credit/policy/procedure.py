"""How the department works: reviews, authority to approve, reminders."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from connector.credit.policy.section import Amount, Days, Name, Section, among

RAISING = ("override", "unsecured", "hard_stop_waived", "terms", "second_temporary")


class ReviewDoc(Section):
    """Reviews beside the grade's cycle and the limit's expiry.

    A customer with a limit or exposure above `shorter_above` is reviewed as often as the next
    worse grade. `collateral_lead_days`: so long before a guarantee ends.
    """

    shorter_above: Amount | None = None
    collateral_lead_days: Days = 30


class AuthorityLevelDoc(Section):
    """A role and the total limit of a customer's group that it may approve; null = any."""

    role: Name
    up_to: Amount | None = None


class AuthorityDoc(Section):
    """Who may approve a limit, from the least authority to the largest.

    `raise_for`: what lifts the decision by one level. `unsecured_above`: unsecured part from which
    on `unsecured` is true.
    """

    levels: Annotated[tuple[AuthorityLevelDoc, ...], Field(max_length=20)] = ()
    raise_for: tuple[Annotated[str, among(RAISING)], ...] = RAISING
    unsecured_above: Amount | None = None


class ReminderDoc(Section):
    """A reminder so many `days` after the due date, its month's end, or the reminder before."""

    days: Days
    after: Literal["due_date", "due_month_end", "previous"] = "due_date"


class RemindersDoc(Section):
    """Levels of reminders (催收), and below which overdue amount none is worth its cost."""

    levels: Annotated[tuple[ReminderDoc, ...], Field(max_length=10)] = ()
    min_amount: Amount = Decimal(0)


def find_procedure_problems(authority: AuthorityDoc, reminders: RemindersDoc) -> Iterator[str]:
    """What is well-formed and makes no sense."""
    levels = authority.levels
    if levels:
        names = [level.role for level in levels]
        if len(set(names)) < len(names):
            yield "authority.levels: a role stands there twice: keep one level for each role."
        amounts = [level.up_to for level in levels]
        if any(a is None or (b is not None and b <= a) for a, b in pairwise(amounts)):
            yield "authority.levels: the amounts do not rise: list the least authority first."
        if amounts[-1] is not None:
            yield "authority.levels: nobody may approve any amount: let up_to of the last be null."
    if reminders.levels and reminders.levels[0].after == "previous":
        yield "reminders.levels: the first has no reminder before it: count it from the due date."
