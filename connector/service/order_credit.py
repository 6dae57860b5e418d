"""Reserved credit and releases: who holds what, what is given back, and who lets an order pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from connector.domain.money import is_currency
from connector.errors import InputError
from connector.ledger import open_snapshot
from connector.ports.orders import Release, Reservation
from connector.service.accounts import find_account
from connector.service.entering import Author
from connector.service.office import Office
from connector.service.order_check import MOST_AMOUNT, MOST_NUMBER

RELEASED = "released"
MOST_DAYS = 366
"""A release ends within a year: it is for this order, not for good."""


def list_reservations(office: Office, *, all_of_them: bool = False) -> Sequence[Reservation]:
    """Reservations that hold, or all that ever were, latest first."""
    return office.store.orders.reservations(office.clock.now(), all_of_them=all_of_them)


def give_back(office: Office, named: str) -> int:
    """End a reservation, named by its id or by the order's number; InputError for none."""
    now = office.clock.now()
    held = office.store.orders.reservations(now)
    ids = [r.reservation_id for r in held if named in (r.reservation_id, r.order_number)]
    if not ids:
        raise InputError(
            "No reservation {named} holds credit.",
            next_step="List those that do with `creditflag reservations list`.",
            named=named,
        )
    return office.store.orders.end_reservations(ids, RELEASED, now)


def release_order(
    office: Office,
    number: str,
    account: str,
    amount: Decimal,
    currency: str,
    until: date,
    author: Author,
) -> Release:
    """Let one order pass up to an amount, until a day; kept with who and why.

    InputError for a day that is past or too far off, and figures that cannot be meant.
    """
    currency = currency or office.house.company_currency
    today = office.today()
    if not number.strip() or len(number) > MOST_NUMBER or not number.isprintable():
        raise InputError("The order's number is missing.", next_step="Name the order.")
    if not 0 < amount < MOST_AMOUNT or not is_currency(currency):
        raise InputError(
            "A release needs an amount above zero and a currency.",
            next_step="Write for example --amount 110000 --currency EUR.",
        )
    if not 0 <= (until - today).days <= MOST_DAYS:
        raise InputError(
            "A release ends between today and a year from now, not on {until}.",
            next_step="Give a day with --until YYYY-MM-DD.",
            until=until.isoformat(),
        )
    with open_snapshot(office.snapshots) as snapshot:
        found = find_account(snapshot.query, account)
    release = Release(
        party_id=found["party_id"],
        order_number=number,
        amount=amount,
        currency=currency,
        until=until,
        who=author.who,
        why=author.why,
        at=office.clock.now(),
        account=found["name"],
    )
    office.store.orders.release(release)
    return release
