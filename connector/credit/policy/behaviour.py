"""The policy's section `behaviour`: windows and least figures of the behaviour metrics.

Every figure is our own proposal unless a policy says otherwise; no standard stands behind them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from connector.credit.policy.section import Days, Factor, Section, Share

Window = Annotated[int, Field(ge=7, le=366)]
Items = Annotated[int, Field(ge=1, le=1000)]


class PatternDoc(Section):
    """When a payer differs from itself.

    `min_items`, `min_items_before`: so many payments are needed on each side. `least_spread_days`:
    a payer more regular than this is measured with this spread, so that a day is no surprise.
    """

    min_items: Items = 5
    min_items_before: Items = 10
    least_spread_days: Annotated[int, Field(ge=1, le=90)] = 3


class ReceiptsDoc(Section):
    """How payments arrive. `short_by`: bank charges up to this share make no part payment."""

    window_days: Window = 90
    short_by: Share = Decimal("0.02")


class PromisesDoc(Section):
    """Promises whose day plus grace has passed within the window."""

    window_days: Window = 90
    grace_days: Days = 3


class DisputesDoc(Section):
    """`change_days`: the disputed share is compared with that many days ago. `before_due_days`:
    a dispute raised so shortly before the due date, or on it, is counted as such."""

    window_days: Window = 90
    change_days: Window = 60
    before_due_days: Annotated[int, Field(ge=1, le=60)] = 10


class OrdersDoc(Section):
    """Orders in blocks of 30 days.

    `least_spread`: the spread of a very even buyer counts as this share of its usual month.
    `bulk_days`: an order that ships later than this after its date is spread over that time.
    `regular_months`: so many months in a row with orders make a regular buyer. `dormant_days`: so
    long without an order is a pause. `new_customer_days`: younger customers are new.
    """

    least_spread: Share = Decimal("0.10")
    bulk_days: Annotated[int, Field(ge=31, le=366)] = 45
    regular_months: Annotated[int, Field(ge=2, le=12)] = 6
    dormant_days: Annotated[int, Field(ge=31, le=1830)] = 180
    new_customer_days: Annotated[int, Field(ge=1, le=1830)] = 180


class OpportunitiesDoc(Section):
    """Open opportunities that close within the horizon; in full, or by their probability."""

    horizon_days: Annotated[int, Field(ge=1, le=366)] = 60
    weigh: Literal["probability", "full"] = "probability"


class StreakDoc(Section):
    """Days in a row on which more than `above` of the limit was used, among the last `reach_days`.

    Days on which nothing was computed are not observed; they neither count nor break.
    """

    above: Factor = Decimal("0.9")
    reach_days: Annotated[int, Field(ge=5, le=90)] = 30


class BehaviourDoc(Section):
    """How a customer pays, promises, disputes and orders."""

    pattern: PatternDoc = PatternDoc()
    receipts: ReceiptsDoc = ReceiptsDoc()
    promises: PromisesDoc = PromisesDoc()
    disputes: DisputesDoc = DisputesDoc()
    orders: OrdersDoc = OrdersDoc()
    opportunities: OpportunitiesDoc = OpportunitiesDoc()
    streak: StreakDoc = StreakDoc()
