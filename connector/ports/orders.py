"""What the store knows about orders to come: reserved credit, and releases by a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reservation:
    """Credit set aside for one order of one party until a moment.

    `amount` stands in `currency`, the currency of the decisions; `order_amount` is what the order
    came to in it. `ended_at` and `ended_by` (`released`, `ordered`) tell why it holds no longer; a
    reservation whose `expires_at` has passed holds no longer by itself.
    """

    reservation_id: str
    party_id: str
    order_number: str
    amount: Decimal
    order_amount: Decimal
    currency: str
    made_at: datetime
    made_by: str
    expires_at: datetime
    account: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it still takes credit away."""
        return self.ended_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Release:
    """A person lets one order pass: up to `amount` + the policy's tolerance, until a day."""

    party_id: str
    order_number: str
    amount: Decimal
    currency: str
    until: date
    who: str
    why: str
    at: datetime
    account: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one order has to reckon with, read in one go.

    `number` names the decisions in force. `reserved` is what other orders of the party hold,
    `reserved_in_group` what other orders of all members do. `own` is this order's reservation,
    `release` its latest release.
    """

    number: int
    reserved: Decimal = Decimal(0)
    reserved_in_group: Decimal = Decimal(0)
    own: Reservation | None = None
    release: Release | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What may be reserved: what is left of the party's and the group's limit before reservations
    (None: not bounded), under the decisions of `number`. `members` are the group's parties."""

    number: int
    available: Decimal | None = None
    group_available: Decimal | None = None
    members: Collection[str] = field(default_factory=tuple)


class OrdersPort(Protocol):
    """Reservations and releases in the store. One method, one transaction."""

    def standing(
        self, party_id: str, members: Collection[str], order_number: str, now: datetime
    ) -> Standing:
        """What the order has to reckon with at `now`."""
        ...

    def reserve(self, wanted: Reservation, room: Room, now: datetime) -> bool:
        """Reserve, in place of what this order held before, unless it no longer fits.

        Two reservations at the same time are judged one after the other. False: it does not fit.
        BusyError when other decisions came into force since `room` was measured.
        """
        ...

    def reservations(self, now: datetime, *, all_of_them: bool = False) -> Sequence[Reservation]:
        """Those that hold, or all that ever were, latest first."""
        ...

    def end_reservations(self, ids: Collection[str], why: str, now: datetime) -> int:
        """End those that hold; how many did."""
        ...

    def release(self, release: Release) -> None:
        """Record a release; the latest for an order holds."""
        ...

    def releases(self) -> Sequence[Release]:
        """All releases, latest first."""
        ...
