"""What a policy says about bureaus, events, groups and countries, and what they do to a grade."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from connector.credit.policy.section import Days, Factor, Name, Section, Share

CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
CountryClass = Annotated[int, Field(ge=0, le=7)]
Notches = Annotated[int, Field(ge=0, le=19)]


class BureauDoc(Section):
    """Bureau reports. `max_age_days`: an older report is used for nothing.

    `cut_off`: below it on 0–100 a score means that no credit should be given.
    `preferred`: whose score counts when several bureaus have one; the others follow, newest first.
    `classes`: for each bureau what its published classes are worth on 0–100, for those that give
    letters and no figure. Each bureau has its own, because the same letter means other things.
    """

    max_age_days: Days = 365
    cut_off: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(30)
    preferred: tuple[str, ...] = ()
    classes: dict[str, dict[str, Annotated[Decimal, Field(ge=0, le=100)]]] = Field(
        default_factory=dict
    )


class EventsDoc(Section):
    """Public events. `severe`: kinds that count as severe whatever severity their source gives."""

    severe: tuple[Name, ...] = (
        "insolvency_open", "dissolved", "sanctioned", "dishonest_judgment_debtor",
        "winding_up_petition",
    )  # fmt: skip
    memory_days: Days = 365


class GroupDoc(Section):
    """Groups of companies under one parent.

    `support_notches`: a better grade of the parent lifts a member by at most so many. `drag`: a
    worse grade of the parent pulls members down until they stand at most `drag_notches` above it;
    null = it does not. `contagion_days`: a member this long overdue is trouble for the others.
    """

    support_notches: Notches = 0
    drag_notches: Notches | None = None
    contagion_days: Annotated[int, Field(ge=1, le=3660)] = 90


class CountriesDoc(Section):
    """Country risk by class 0 (best) to 7.

    `classes`: class of each country of risk, which the company maintains; a country without one
    is unknown and changes nothing. `factors`: what a proposed limit is multiplied with;
    `ceilings`: the best grade of that class.
    """

    classes: dict[CountryCode, CountryClass] = Field(default_factory=dict)
    factors: dict[CountryClass, Share] = Field(
        default_factory=lambda: {
            3: Decimal("0.9"), 4: Decimal("0.8"), 5: Decimal("0.65"), 6: Decimal("0.4"),
            7: Decimal(0),
        }
    )  # fmt: skip
    ceilings: dict[CountryClass, str] = Field(default_factory=dict)

    def factor_of(self, country_class: int) -> Decimal:
        """Factor of a class; 1 where the policy names none."""
        return self.factors.get(country_class, Decimal(1))


class NetWorthDoc(Section):
    """Share of tangible net worth; unknown when that is not positive."""

    weight: Factor
    share: Share = Decimal("0.10")


class WorkingCapitalDoc(Section):
    """Share of working capital; unknown when that is not positive."""

    weight: Factor
    share: Share = Decimal("0.20")


class ReferencesDoc(Section):
    """Mean of the limits that others grant, from at least `least` references not too old."""

    weight: Factor
    least: Annotated[int, Field(ge=1, le=100)] = 2
    max_age_days: Days = 365
