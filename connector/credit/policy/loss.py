"""Expected loss, the cost of late payment, and the indicative provision matrix.

Every figure is a default to be calibrated on the company's own losses; none is an industry
standard. Interest rates are what the company would claim, not legal advice.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from connector.credit.policy.section import Days, Section, Share, among

SEGMENT_COLUMNS = ("country", "industry", "region", "party_kind")
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class LgdDoc(Section):
    """Loss given default of each part of the exposure, by what secures it."""

    unsecured: Share = Decimal("0.60")
    guaranteed: Share = Decimal("0.10")
    insured: Share = Decimal("0.15")


class InterestDoc(Section):
    """Yearly interest on late payment where no agreement states one.

    `by_country`: for customers of a country; else `default`, null = none is reckoned. `basis`: days
    of a year.
    """

    default: Share | None = None
    by_country: dict[Country, Share] = Field(default_factory=dict)
    basis: Literal[360, 365] = 365


class SegmentDoc(Section):
    """Customers with a loss pattern of their own: `column` is one of `members`."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    column: Annotated[str, among(SEGMENT_COLUMNS)]
    members: Annotated[tuple[str, ...], Field(min_length=1, max_length=300)]
    rates: Annotated[tuple[Share, ...], Field(min_length=2, max_length=11)]


class ProvisionDoc(Section):
    """Loss rates by ageing bucket, from not yet due to the oldest; empty = no matrix.

    `forward_scalar` adjusts rates derived from the past. The first segment that a customer belongs
    to sets its rates. `lost_after_days`: what is unpaid so long after its due date counts as lost
    when rates are derived.
    """

    rates: Annotated[tuple[Share, ...], Field(max_length=11)] = ()
    segments: Annotated[tuple[SegmentDoc, ...], Field(max_length=20)] = ()
    forward_scalar: Annotated[Decimal, Field(gt=0, le=10)] = Decimal(1)
    lost_after_days: Days = 365


class LossDoc(Section):
    """Expected loss = probability × loss given default × exposure at default.

    `pd_by_grade`: yearly probability of default. `undrawn_share`: part of the undrawn limit that
    counts as drawn at default, above 0 when orders cannot be refused. `horizon_days`: the time the
    loss is told for. `cost_of_funds`: yearly.
    """

    pd_by_grade: dict[str, Share] = Field(default_factory=dict)
    lgd: LgdDoc = LgdDoc()
    undrawn_share: Share = Decimal(0)
    horizon_days: Annotated[int, Field(ge=1, le=3660)] = 365
    cost_of_funds: Share | None = None
    late_interest: InterestDoc = InterestDoc()
    provision: ProvisionDoc = ProvisionDoc()
