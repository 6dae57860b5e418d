"""How due dates are found where a document has none, and which days count as working days."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from connector.credit.policy.section import Days, Section

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
DaysOff = Annotated[tuple[date, ...], Field(max_length=400)]


class TermsDoc(Section):
    """What holds where neither the document nor the customer's terms say it; null = nothing.

    `default_days`: net days from the invoice date. `retention_days`: days from the invoice date
    until a retention is due that came without a date. `law_days`: longest terms that a country's
    law allows towards small suppliers, a notice and not a judgement. `alert_days`: how many days
    before a limit or an agreement ends warnings come, the earliest first.
    """

    default_days: Days | None = None
    retention_days: Days | None = None
    law_days: dict[Country, Days] = Field(default_factory=dict)
    alert_days: Annotated[tuple[Days, ...], Field(min_length=1, max_length=9)] = (90, 60, 30)


class CalendarDoc(Section):
    """Working days: public holidays of each country, with the company's own days.

    `country`: taken where a customer's is unknown; null = weekends only. `days_off` are added to
    the public holidays, `working_days` taken away from holidays and weekends (调休), by country.
    `festival_days`: so many days before and after the Spring Festival's days off count as days off
    too when grace is counted, in `festival_countries`. `task_days`: working days that an alert task
    gives.
    """

    country: Country | None = None
    days_off: dict[Country, DaysOff] = Field(default_factory=dict)
    working_days: dict[Country, DaysOff] = Field(default_factory=dict)
    festival_days: Annotated[int, Field(ge=0, le=30)] = 0
    festival_countries: tuple[Country, ...] = ("CN", "HK", "MO", "SG", "TW")
    task_days: Annotated[int, Field(ge=0, le=60)] = 3


class LinesDoc(Section):
    """Lines of business: by which of them receivables, orders and sales are broken down."""

    dimensions: tuple[Literal["product_line", "region", "market", "currency"], ...] = (
        "product_line", "region", "market", "currency",
    )  # fmt: skip


GraceUnit = Literal["calendar_days", "working_days"]
"""How days of grace are counted."""
