"""Reserved credit and released orders: `OrdersPort` over the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from connector.errors import BusyError
from connector.ports.orders import Release, Reservation, Room, Standing
from connector.store.failures import translated
from connector.store.leases import writing
from connector.store.models import ReleaseRow, ReservationRow, Seam

_COLUMNS = (
    "reservation_id", "party_id", "order_number", "account", "amount", "order_amount", "currency",
    "made_at", "made_by", "expires_at", "ended_at", "ended_by",
)  # fmt: skip
_RELEASE = (
    "party_id", "order_number", "account", "amount", "currency", "until", "who", "why", "at",
)  # fmt: skip


class StoredOrders:
    """See `OrdersPort`."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    def standing(
        self, party_id: str, members: Collection[str], order_number: str, now: datetime
    ) -> Standing:
        """See `OrdersPort`."""
        with translated(self._alias):
            number = self._number()
            holding = list(self._holding({party_id, *members}, now))
            release = (
                ReleaseRow.objects.using(self._alias)
                .filter(party_id=party_id, order_number=order_number)
                .order_by("-pk")
                .first()
                if order_number
                else None
            )
        others = [r for r in holding if not _same(r, party_id, order_number)]
        own = [r for r in holding if _same(r, party_id, order_number)]
        return Standing(
            number=number,
            reserved=_sum(r for r in others if r.party_id == party_id),
            reserved_in_group=_sum(others),
            own=_reservation(own[0]) if own else None,
            release=Release(**{name: getattr(release, name) for name in _RELEASE})
            if release
            else None,
        )

    def reserve(self, wanted: Reservation, room: Room, now: datetime) -> bool:
        """See `OrdersPort`."""
        with writing(self._alias):
            # One at a time: the row that names the decisions in force is the lock.
            seam = Seam.objects.using(self._alias).select_for_update().first()
            if (seam.visible_number if seam else 0) != room.number:
                raise BusyError(
                    "Other decisions came into force while the order was checked.",
                    next_step="Check the order again.",
                )
            held = self._holding({wanted.party_id, *room.members}, now)
            others = held.exclude(party_id=wanted.party_id, order_number=wanted.order_number)
            own = others.filter(party_id=wanted.party_id)
            for left, rows in ((room.available, own), (room.group_available, others)):
                if left is not None and left - _total(rows) < wanted.amount:
                    return False
            held.filter(party_id=wanted.party_id, order_number=wanted.order_number).update(
                ended_at=now, ended_by="replaced"
            )
            ReservationRow.objects.using(self._alias).create(
                **{name: getattr(wanted, name) for name in _COLUMNS}
            )
            return True

    def reservations(self, now: datetime, *, all_of_them: bool = False) -> Sequence[Reservation]:
        """See `OrdersPort`."""
        with translated(self._alias):
            rows = ReservationRow.objects.using(self._alias).order_by("-pk")
            if not all_of_them:
                rows = rows.filter(_holds(now))
            return [_reservation(row) for row in rows]

    def end_reservations(self, ids: Collection[str], why: str, now: datetime) -> int:
        """See `OrdersPort`."""
        with writing(self._alias):
            rows = ReservationRow.objects.using(self._alias).filter(_holds(now))
            return rows.filter(reservation_id__in=list(ids)).update(ended_at=now, ended_by=why)

    def release(self, release: Release) -> None:
        """See `OrdersPort`."""
        with writing(self._alias):
            ReleaseRow.objects.using(self._alias).create(
                **{name: getattr(release, name) for name in _RELEASE}
            )

    def releases(self) -> Sequence[Release]:
        """See `OrdersPort`."""
        with translated(self._alias):
            rows = ReleaseRow.objects.using(self._alias).order_by("-pk")
            return [Release(**{name: getattr(row, name) for name in _RELEASE}) for row in rows]

    def _number(self) -> int:
        seam = Seam.objects.using(self._alias).values_list("visible_number", flat=True).first()
        return seam or 0

    def _holding(self, parties: Collection[str], now: datetime) -> QuerySet[ReservationRow]:
        rows = ReservationRow.objects.using(self._alias)
        return rows.filter(_holds(now), party_id__in=list(parties)).order_by("pk")


def _holds(now: datetime) -> Q:
    return Q(ended_at__isnull=True, expires_at__gt=now)


def _same(row: ReservationRow, party_id: str, order_number: str) -> bool:
    return row.party_id == party_id and row.order_number == order_number


def _sum(rows: Iterable[ReservationRow]) -> Decimal:
    return sum((row.amount or Decimal(0) for row in rows), Decimal(0))


def _total(rows: QuerySet[ReservationRow]) -> Decimal:
    return Decimal(rows.aggregate(n=Sum("amount"))["n"] or 0)


def _reservation(row: ReservationRow) -> Reservation:
    return Reservation(**{name: getattr(row, name) for name in _COLUMNS})
