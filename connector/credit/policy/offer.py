"""What a policy lets a customer have beside the limit: payment terms, deposit, and what to do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from connector.credit.policy.section import Amount, Days, Name, Section, Severity, Share, among

ACTIONS = (
    "stop_shipment", "prepayment", "collect", "insurer_request", "guarantee", "deposit",
    "shorter_terms", "review",
)  # fmt: skip
"""What can be done to prevent a loss, hardest first."""

OWNERS = ("sales", "credit", "finance", "management")


class ActionRuleDoc(Section):
    """One line of the table of actions: everything that it states has to be true.

    `flags`: one of them is up with at least `severity`. `unsecured_above`: the unsecured exposure
    is larger. `terms_too_long`: the agreed terms exceed the allowed ones. `days`: until it is due,
    calendar days from the day on which the flag or hard stop came up; a line without flags and hard
    stop is due at the next review.
    """

    action: Annotated[str, among(ACTIONS)]
    owner: Annotated[str, among(OWNERS)] = "credit"
    days: Days = 5
    hard_stop: bool | None = None
    hold: bool | None = None
    colours: tuple[Literal["green", "amber", "red", "grey"], ...] = ()
    grades: tuple[str, ...] = ()
    flags: tuple[Name, ...] = ()
    severity: Severity = 1
    unsecured_above: Amount | None = None
    terms_too_long: bool | None = None


class OfferDoc(Section):
    """Terms, deposit and action by grade.

    `terms_days`: the longest terms of each grade, 0 = payment before delivery; a grade without an
    entry has no rule. `unrated_terms_days`: of customers without a grade. `deposit`: share of an
    order to be paid before delivery. `actions`: the first line that fits counts.
    """

    terms_days: dict[str, Days] = Field(default_factory=dict)
    unrated_terms_days: Days | None = None
    deposit: dict[str, Share] = Field(default_factory=dict)
    actions: Annotated[tuple[ActionRuleDoc, ...], Field(max_length=40)] = ()
