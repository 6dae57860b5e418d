"""The order check: one account, one order or opportunity, judged by what is decided already.

Reads the published ledger (account, rate, the order itself, shares of the book) and the store (the
decision in force, reservations, releases) once each; nothing of the book is computed again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from connector.domain.decision import TOTAL
from connector.domain.money import is_currency
from connector.errors import BusyError, InputError
from connector.ledger import LedgerSnapshot, open_snapshot
from connector.ports.orders import Reservation, Room, Standing
from connector.service.accounts import find_account
from connector.service.office import Office
from connector.service.order_verdict import (
    PASS,
    Bound,
    OrderCase,
    OrderReason,
    judge,
    measure_increment,
    ships_beyond_horizon,
)
from connector.service.reporting import measure_freshness

_MONEY = Decimal("0.0001")
_ATTEMPTS = 3
MOST_AMOUNT = Decimal(10) ** 13
MOST_TERMS = 3660
MOST_NUMBER = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """The order or opportunity in question. `account` is a record id, an account number or a name.

    `number` is the order's number (or the opportunity's record id); what is left out is taken from
    the order of that number, where one is known. `prepaid_share` 0–1; `shipped`: the goods have
    left and are to be invoiced.
    """

    account: str
    kind: Literal["order", "opportunity"] = "order"
    number: str = ""
    amount: Decimal | None = None
    currency: str = ""
    prepaid_share: Decimal | None = None
    ship_on: date | None = None
    terms_days: int | None = None
    selling_company: str = TOTAL
    shipped: bool = False

    def __post_init__(self) -> None:
        """InputError for figures that cannot be meant."""
        wrong = [
            name
            for name, fits in (
                ("amount", self.amount is None or 0 <= self.amount < MOST_AMOUNT),
                ("currency", not self.currency or is_currency(self.currency)),
                ("prepaid", self.prepaid_share is None or 0 <= self.prepaid_share <= 1),
                ("terms", self.terms_days is None or 0 <= self.terms_days <= MOST_TERMS),
                ("number", len(self.number) <= MOST_NUMBER and self._printable(self.number)),
                ("account", bool(self.account.strip())),
            )
            if not fits
        ]
        if wrong:
            raise InputError(
                "These figures cannot be meant: {names}.",
                next_step="Amounts are not below zero, prepaid is a share from 0 to 1, terms are 0 "
                "to {most} days, currencies ISO 4217 codes, numbers one line of print.",
                most=MOST_TERMS,
                names=", ".join(wrong),
            )

    @staticmethod
    def _printable(text: str) -> bool:
        return not text or text.isprintable()


@dataclass(frozen=True, slots=True)
class OrderShare:
    """How much of all exposure lies in a group of parties that the customer belongs to, before and
    after this order: `dimension` is party, group (of several), country, region or industry.
    `name` is what people call the member."""

    dimension: str
    member: str
    name: str
    before: Decimal
    after: Decimal
    share: Decimal | None


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer. Amounts in `currency`, that of the decisions; None: unknown, or unbounded."""

    verdict: str
    reasons: Sequence[OrderReason]
    account: Mapping[str, Any]
    number: str
    as_of: date | None
    currency: str
    increment: Decimal | None
    available_before: Decimal | None
    available_after: Decimal | None
    shares: Sequence[OrderShare] = ()
    reserved_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """What the published ledger says: the account, the members of its group, the order where it is
    known, the rate of its currency, and its part of the book by dimension."""

    account: Mapping[str, Any]
    members: tuple[str, ...]
    known: Mapping[str, Any] | None
    rate: Decimal | None
    book: Mapping[str, Any]


def check_order(office: Office, asked: Asked, *, reserve: bool = False, by: str = "") -> Checked:
    """Judge the order; with `reserve`, set its credit aside when it passes, in the name of `by`.

    InputError for an unknown account, an order without an amount, and a reservation without the
    order's number; StateError before the first run; BusyError when it cannot be settled because
    decisions keep changing.
    """
    if reserve and not asked.number:
        raise InputError(
            "Credit is reserved for an order with a number.", next_step="Give it with --number."
        )
    for _attempt in range(_ATTEMPTS):
        with open_snapshot(office.snapshots) as snapshot:
            order, customer = _look_up(snapshot, office, asked)
        case, room = _make_case(office, order, customer)
        verdict, reasons = judge(case)
        checked = _answer(order, customer, case, verdict, reasons)
        if not reserve or verdict != PASS or case.increment is None:
            return checked
        wanted = _reservation(office, order, customer, case, by)
        free = any(reason.code in _UNBOUNDED for reason in reasons)
        taken = Room(room.number) if free else room
        try:
            if office.store.orders.reserve(wanted, taken, office.clock.now()):
                return replace(checked, reserved_until=wanted.expires_at)
        except BusyError:
            continue  # other decisions came into force: judge by those
    raise BusyError(
        "The order could not be settled: other orders and decisions came in between each time.",
        next_step="Check the order again.",
    )


_UNBOUNDED = ("released", "exempt", "shipped", "prepaid", "horizon")
"""Reasons for which an order passes although it may not fit."""


# -- what is known -----------------------------------------------------------------------------


def _look_up(snapshot: LedgerSnapshot, office: Office, asked: Asked) -> tuple[Asked, Customer]:
    """The order with what is known of it filled in, and its customer."""
    account = find_account(snapshot.query, asked.account)
    known = _known_order(snapshot, account["party_id"], asked)
    order = _filled_in(asked, known, office)
    row = snapshot.query(
        _PARTY, {"party": account["party_id"], "currency": order.currency, "as_of": office.today()}
    ).to_pylist()[0]
    rate = Decimal(1) if order.currency == office.house.company_currency else row["rate"]
    members = tuple(row["members"] or ())
    return order, Customer(account, members, known, rate, _book(snapshot, row))


_PARTY = """
SELECT me.party_id, me.group_id, me.country, me.region, me.industry,
    (SELECT min(a.name) FROM account_party AS l JOIN account_current AS a
     ON a.connection = l.connection AND a.id = l.account_id WHERE l.party_id = me.group_id) AS head,
    (SELECT list(m.party_id) FROM party AS m WHERE m.group_id = me.group_id) AS members,
    (SELECT f.rate FROM fx AS f WHERE f.currency = $currency AND f.rate_date <= $as_of
     ORDER BY f.rate_date DESC LIMIT 1) AS rate
FROM party AS me WHERE me.party_id = $party
"""
_BOOK = """
SELECT sum(e.net_exposure) AS whole,
    sum(e.net_exposure) FILTER (p.party_id = $party_id) AS party,
    sum(e.net_exposure) FILTER (p.group_id = $group_id) AS "group",
    sum(e.net_exposure) FILTER (p.country = $country) AS country,
    sum(e.net_exposure) FILTER (p.region = $region) AS region,
    sum(e.net_exposure) FILTER (p.industry = $industry) AS industry
FROM exposure_kept AS e JOIN party AS p USING (party_id) WHERE e.net_exposure > 0
"""
_KNOWN = {
    "order": """
SELECT state, currency, amount, uninvoiced, prepaid_amount, ship_date, terms_days, selling_company
FROM linked."order" WHERE party_id = ? AND number = ? ORDER BY order_date DESC, id LIMIT 1
""",
    "opportunity": """
SELECT 'draft' AS state, currency, amount, NULL AS uninvoiced, NULL AS prepaid_amount,
    close_date AS ship_date, terms_days, NULL AS selling_company
FROM linked.opportunity WHERE party_id = ? AND id = ? LIMIT 1
""",
}
_DIMENSIONS = ("party", "group", "country", "region", "industry")


def _known_order(snapshot: LedgerSnapshot, party_id: str, asked: Asked) -> Mapping[str, Any] | None:
    if not asked.number:
        return None
    rows = snapshot.query(_KNOWN[asked.kind], [party_id, asked.number]).to_pylist()
    return dict(rows[0]) if rows else None


def _book(snapshot: LedgerSnapshot, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The party's row with the exposure of each dimension it belongs to; empty before the first
    decisions."""
    if not snapshot.query("FROM duckdb_tables() WHERE table_name = 'exposure_kept'").num_rows:
        return {}
    named = {name: row[name] for name in ("party_id", "group_id", "country", "region", "industry")}
    sums: Mapping[str, Any] = snapshot.query(_BOOK, named).to_pylist()[0]
    alone = len(row["members"] or ()) < 2
    return {
        **sums,
        "keys": {**named, "party": row["party_id"], "group": None if alone else row["group_id"]},
        "head": row["head"],
    }


def _filled_in(asked: Asked, known: Mapping[str, Any] | None, office: Office) -> Asked:
    """What was not said is taken from the order as it is known."""
    found = known or {}
    prepaid = asked.prepaid_share
    if prepaid is None and found.get("prepaid_amount") and found.get("amount"):
        prepaid = min(Decimal(1), found["prepaid_amount"] / found["amount"])
    amount = found.get("amount") if asked.amount is None else asked.amount
    if amount is None:
        raise InputError(
            "The amount is missing.",
            next_step="Give it with --amount, or the number of an order that was read."
            if asked.kind == "order"
            else "Give it with --amount, or with --record an opportunity that was read.",
        )
    return replace(
        asked,
        amount=amount,
        currency=asked.currency or found.get("currency") or office.house.company_currency,
        prepaid_share=prepaid or Decimal(0),
        ship_on=asked.ship_on or found.get("ship_date"),
        terms_days=found.get("terms_days") if asked.terms_days is None else asked.terms_days,
        selling_company=asked.selling_company or found.get("selling_company") or TOTAL,
        shipped=asked.shipped or found.get("state") == "fulfilled",
    )


# -- what is judged ----------------------------------------------------------------------------


def _make_case(office: Office, asked: Asked, customer: Customer) -> tuple[OrderCase, Room]:
    party_id = str(customer.account["party_id"])
    now = office.clock.now()
    standing = office.store.orders.standing(party_id, customer.members, asked.number, now)
    tables = office.store.decision_tables(party_id, ("decision", "metric", "flag"))
    rows = {row["selling_company"]: row for row in tables["decision"].to_pylist()}
    figures = {row["selling_company"]: row for row in tables["metric"].to_pylist()}
    decision = rows.get(TOTAL)
    increment = _increment(office, asked, customer)
    bounds = _bounds(office, rows, figures.get(TOTAL, {}), asked.selling_company, standing)
    shares = _shares(customer, increment)
    by_dimension = {share.dimension: share.share for share in shares}
    case = OrderCase(
        as_of=office.today(),
        policy=office.policy,
        order_amount=asked.amount or Decimal(0),
        currency=asked.currency,
        increment=increment,
        prepaid_share=asked.prepaid_share or Decimal(0),
        ship_on=asked.ship_on,
        terms_days=asked.terms_days,
        shipped=asked.shipped,
        exempt=_is_exempt(office, customer),
        stale=_is_stale(office, customer),
        decision=decision,
        flags=[f for f in tables["flag"].to_pylist() if f["selling_company"] == TOTAL],
        bounds=bounds,
        standing=standing,
        share_after=by_dimension.get("group") or by_dimension.get("party"),
    )
    own = [b.available for b in bounds if b.name != "group" and b.available is not None]
    group = [b.available for b in bounds if b.name == "group"]
    return case, Room(
        standing.number, min(own, default=None), group[0] if group else None, customer.members
    )


def _increment(office: Office, asked: Asked, customer: Customer) -> Decimal | None:
    """What the order adds, in the currency of the decisions; None without a rate."""
    known, rate = customer.known, customer.rate
    if rate is None:
        return None
    counted = Decimal(0)
    if known is not None and asked.kind == "order" and known["state"] in ("open", "fulfilled"):
        late = ships_beyond_horizon(office.policy, office.today(), known["ship_date"])
        rest = known["uninvoiced"] or Decimal(0)
        prepaid = min(known["prepaid_amount"] or Decimal(0), rest)
        if known["currency"] == asked.currency and not late:
            counted = rest - prepaid
    added = measure_increment(
        asked.amount or Decimal(0), asked.prepaid_share or Decimal(0), counted
    )
    return (added * rate).quantize(_MONEY, ROUND_HALF_UP)


def _bounds(
    office: Office,
    rows: Mapping[str, Mapping[str, Any]],
    figures: Mapping[str, Any],
    seller: str,
    standing: Standing,
) -> list[Bound]:
    """The party's limit, the selling company's own where there is one, and the group's."""
    found = []
    for name, key in (("limit", TOTAL), ("company", seller)):
        row = rows.get(key)
        if row is None or (name == "company" and (key == TOTAL or row["approved_state"] == "none")):
            continue
        found.append(Bound(name, _available(office, row), standing.reserved))
    if figures.get("group_available") is not None:
        left = Decimal(str(figures["group_available"]))
        found.append(Bound("group", left, standing.reserved_in_group))
    return found


def _available(office: Office, decision: Mapping[str, Any]) -> Decimal | None:
    """What is left before orders are held: the policy may let a limit be used above 100 %."""
    available: Decimal | None = decision["available"]
    over = office.policy.hold.above - 1
    if available is None or decision["approved_amount"] is None:
        return available
    approved: Decimal = decision["approved_amount"]
    return available + approved * over


def _shares(customer: Customer, increment: Decimal | None) -> list[OrderShare]:
    book = customer.book
    if not book or increment is None:
        return []
    whole = (book["whole"] or Decimal(0)) + increment
    found = []
    spoken = {"party": customer.account["name"], "group": book["head"]}
    for name in _DIMENSIONS:
        key = book["keys"][name]
        if not key:
            continue
        before = book[name] or Decimal(0)
        after = before + increment
        share = (after / whole).quantize(_MONEY, ROUND_HALF_UP) if whole > 0 else None
        found.append(OrderShare(name, str(key), str(spoken.get(name) or key), before, after, share))
    return found


def _is_exempt(office: Office, customer: Customer) -> bool:
    names = {customer.account[name] for name in ("party_id", "id", "account_number")}
    return bool(names & set(office.policy.orders.exempt))


def _is_stale(office: Office, customer: Customer) -> bool:
    home = customer.account["connection"]
    return any(row["stale"] for row in measure_freshness(office) if row["name"] == home)


# -- what is answered --------------------------------------------------------------------------


def _answer(
    asked: Asked, customer: Customer, case: OrderCase, verdict: str, reasons: list[OrderReason]
) -> Checked:
    left = [bound.left for bound in case.bounds if bound.left is not None]
    before = min(left, default=None)
    decision = case.decision or {}
    return Checked(
        verdict=verdict,
        reasons=tuple(reasons),
        account=customer.account,
        number=asked.number,
        as_of=decision.get("as_of"),
        currency=str(decision.get("currency") or asked.currency),
        increment=case.increment,
        available_before=before,
        available_after=before - case.increment if before is not None and case.increment is not None
        else None,
        shares=_shares(customer, case.increment),
    )  # fmt: skip


def _reservation(
    office: Office, asked: Asked, customer: Customer, case: OrderCase, by: str
) -> Reservation:
    now = office.clock.now()
    rate = customer.rate or Decimal(1)
    decision = case.decision or {}
    return Reservation(
        reservation_id=f"rsv-{uuid.uuid4().hex[:12]}",
        party_id=str(customer.account["party_id"]),
        order_number=asked.number,
        amount=case.increment or Decimal(0),
        order_amount=((asked.amount or Decimal(0)) * rate).quantize(_MONEY, ROUND_HALF_UP),
        currency=str(decision.get("currency") or office.house.company_currency),
        made_at=now,
        made_by=by,
        expires_at=now + timedelta(hours=office.policy.orders.reserve_hours),
        account=str(customer.account["name"]),
    )
