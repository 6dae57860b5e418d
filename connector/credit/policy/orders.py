"""What the policy says about orders before they are accepted."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from connector.credit.policy.section import Section, Share

Verdict = Literal["pass", "review", "hold"]


class OrdersDoc(Section):
    """The order check. A released order may grow by `release_tolerance` before it is checked again;
    reserved credit comes back after `reserve_hours`.

    `no_limit`, `unrated`, `longer_terms` and `stale` say what becomes of an order of a customer
    without a limit or a rating, on longer terms than allowed, or whose facts are not fresh.
    `max_share`: a larger part of all exposure in one customer or group is reviewed. `exempt` are
    record ids, account numbers or party ids that are never checked.
    """

    release_tolerance: Share = Decimal("0.05")
    reserve_hours: Annotated[int, Field(ge=1, le=8760)] = 72
    no_limit: Verdict = "review"
    unrated: Verdict = "review"
    longer_terms: Verdict = "review"
    stale: Verdict = "review"
    max_share: Share | None = None
    exempt: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ()
