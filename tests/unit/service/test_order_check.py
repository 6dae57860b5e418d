"""The order check over a published ledger and a store: what is known is filled in, what is reserved
cannot be spent twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest

from connector.errors import InputError, StateError
from connector.ports.facts import LandBatch, row_schema
from connector.service.entering import Author, add_fact
from connector.service.main_job import run_main_job
from connector.service.office import Office
from connector.service.order_check import Asked, check_order
from connector.service.order_credit import give_back, list_reservations, release_order
from tests.unit.service.offices import build_office, crm_of
from tests.unit.sync import small_engine

ANN = Author("ann", "agreed")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Muster AG (owes 1,000) with a limit of 5,000, decided on."""
    office = build_office(tmp_path_factory.mktemp("orders") / "state")
    with patch("connector.sync.decide.decide", small_engine.decide):
        run_main_job(office)
        limit(office, "10001", 5000)
        run_main_job(office)
    yield office
    office.close()


@pytest.fixture
def office(whole: Office) -> Iterator[Office]:
    """The office with nothing reserved."""
    policy, clock = whole.policy, whole.clock.now()
    yield whole
    whole.policy = policy
    for one in list_reservations(whole):
        give_back(whole, one.reservation_id)
    assert whole.clock.now() >= clock


def limit(office: Office, account: str, amount: int) -> None:
    import pyarrow as pa

    from connector.ledger import open_snapshot
    from connector.ports.store import APPROVED_LIMIT_SCHEMA
    from connector.service.accounts import find_account

    with open_snapshot(office.snapshots) as snapshot:
        party = find_account(snapshot.query, account)["party_id"]
    row = {"party_id": party, "selling_company": "", "state": "amount", "currency": "EUR",
           "amount": Decimal(amount), "source": "person", "approver": "ann"}  # fmt: skip
    with office.desk() as desk:
        office.store.put_approved_limits(
            pa.Table.from_pylist([row], schema=APPROVED_LIMIT_SCHEMA), desk.fence
        )


def asked(number: str = "", amount: str | None = "100", **more: Any) -> Asked:
    given = None if amount is None else Decimal(amount)
    return Asked(account="10001", number=number, amount=given, **more)


def codes(office: Office, order: Asked, **more: Any) -> tuple[str, list[str]]:
    checked = check_order(office, order, **more)
    return checked.verdict, [r.code for r in checked.reasons]


def land_order(office: Office, number: str, amount: str, state: str = "open") -> None:
    """An order as a connection tells it; the next run publishes it."""
    import pyarrow as pa

    account = next(iter(crm_of(office).records("Account")))
    row = {
        "id": f"o-{number}", "where_from": "x", "account_connection": "crm", "account_field": "id",
        "account_key": account, "number": number, "state": state, "currency": "EUR",
        "amount": Decimal(amount), "order_date": date(2026, 3, 1), "terms_days": 30,
    }  # fmt: skip
    with office.desk() as desk:
        rows = pa.Table.from_pylist([row], schema=row_schema("order"))
        desk.ledger.land(LandBatch("crm", "orders", "order", desk.run_id, desk.clock.now(), rows))
    with patch("connector.sync.decide.decide", small_engine.decide):
        run_main_job(office)


def test_an_order_within_the_limit_passes_with_its_figures(office: Office) -> None:
    checked = check_order(office, asked(amount="1500"))
    assert (checked.verdict, checked.reasons, checked.currency) == ("pass", (), "EUR")
    figures = (checked.increment, checked.available_before, checked.available_after)
    assert figures == (Decimal(1500), Decimal(4000), Decimal(2500))
    parts = {s.dimension: s for s in checked.shares}
    assert (parts["party"].before, parts["party"].after) == (Decimal(1000), Decimal(2500))
    # 1,000 + 2,000 + 50,000 are owed by all
    assert parts["party"].share == (Decimal(2500) / Decimal(54_500)).quantize(Decimal("0.0001"))


def test_an_order_over_the_limit_is_held_with_the_amount(office: Office) -> None:
    checked = check_order(office, asked(amount="4000.01"))
    (reason,) = checked.reasons
    assert (checked.verdict, reason.code) == ("hold", "over_limit")
    assert reason.params["over"] == "0.01"
    assert [s.dimension for s in checked.shares if s.name == "Muster AG"] == ["party"]
    assert codes(office, asked(amount="9000", prepaid_share=Decimal("0.6")))[0] == "pass"


def test_two_orders_cannot_spend_the_same_credit(office: Office) -> None:
    assert check_order(office, asked("A-1", "3000"), reserve=True, by="rep").reserved_until
    checked = check_order(office, asked("A-2", "1500"), reserve=True, by="rep")
    assert (checked.verdict, [r.code for r in checked.reasons]) == ("hold", ["over_limit"])
    assert checked.available_before == 1000
    assert codes(office, asked("A-1", "3500")) == ("pass", [])  # its own credit counts for it
    assert [r.order_number for r in list_reservations(office)] == ["A-1"]
    give_back(office, "A-1")
    assert check_order(office, asked("A-2", "1500"), reserve=True).reserved_until


def test_credit_that_somebody_else_took_in_between_is_not_promised(office: Office) -> None:
    """Between the check and the reservation another order takes the credit."""
    orders = office.store.orders
    real = type(orders).reserve
    steps: list[str] = []

    def late(self: Any, wanted: Any, room: Any, now: Any) -> bool:
        if not steps:
            steps.append("taken")
            other = replace(wanted, reservation_id="rsv-other", order_number="B-9")
            assert real(self, other, room, now)
        return bool(real(self, wanted, room, now))

    with patch.object(type(orders), "reserve", late):
        checked = check_order(office, asked("B-1", "3000"), reserve=True)
    assert (checked.verdict, checked.reserved_until) == ("hold", None)
    assert [r.order_number for r in list_reservations(office)] == ["B-9"]


def test_reservations_expire(office: Office) -> None:
    check_order(office, asked("C-1", "4000"), reserve=True)
    assert codes(office, asked("C-2", "1"))[0] == "hold"
    hours = office.policy.orders.reserve_hours
    office.clock.sleep(timedelta(hours=hours).total_seconds())
    assert list_reservations(office) == []
    verdict, found = codes(office, asked("C-2", "1"))
    assert "over_limit" not in found
    assert (verdict, found) == ("review", ["stale"])  # three days without a run
    with patch("connector.sync.decide.decide", small_engine.decide):
        run_main_job(office)
    assert codes(office, asked("C-2", "1")) == ("pass", [])
    with pytest.raises(InputError, match="No reservation C-1 holds credit"):
        give_back(office, "C-1")


def test_an_order_that_arrives_takes_the_place_of_its_reservation(office: Office) -> None:
    check_order(office, asked("D-1", "2000"), reserve=True)
    check_order(office, asked("D-2", "100"), reserve=True)
    office.clock.sleep(60)
    land_order(office, "D-1", "2000")
    assert [r.order_number for r in list_reservations(office)] == ["D-2"]
    ended = list_reservations(office, all_of_them=True)
    assert "ordered" in {r.ended_by for r in ended if r.order_number == "D-1"}
    # What counts already is not added again; the rest of what is asked comes from the order.
    again = check_order(office, asked("D-1", None))
    assert (again.increment, again.verdict) == (Decimal(0), "pass")
    assert check_order(office, asked("D-1", "2500")).increment == 500


def test_shipped_goods_stay_invoiceable(office: Office) -> None:
    land_order(office, "E-1", "90000", state="fulfilled")
    verdict, found = codes(office, asked("E-1", "90000"))
    assert (verdict, found) == ("pass", ["over_limit", "shipped"])


def test_a_release_lets_one_order_pass(office: Office) -> None:
    today = office.today()
    release_order(office, "F-1", "10001", Decimal(8000), "", today + timedelta(7), ANN)
    assert codes(office, asked("F-1", "8300"))[0] == "pass"
    assert codes(office, asked("F-1", "8500"))[0] == "hold"
    assert codes(office, asked("F-2", "8000"))[0] == "hold"
    checked = check_order(office, asked("F-1", "8000"), reserve=True)
    assert checked.reserved_until is not None  # released beyond the limit, and known as taken
    assert codes(office, asked("F-3", "1"))[0] == "hold"


@pytest.mark.parametrize(
    ("number", "amount", "currency", "days", "told"),
    [
        ("", "1", "EUR", 1, "number is missing"),
        ("a\nb", "1", "EUR", 1, "number is missing"),
        ("F", "0", "EUR", 1, "amount above zero"),
        ("F", "1", "EURO", 1, "amount above zero"),
        ("F", "1", "EUR", -1, "ends between today"),
        ("F", "1", "EUR", 400, "ends between today"),
    ],
)
def test_releases_that_cannot_be_meant_are_refused(
    office: Office, number: str, amount: str, currency: str, days: int, told: str
) -> None:
    until = office.today() + timedelta(days)
    with pytest.raises(InputError, match=told):
        release_order(office, number, "10001", Decimal(amount), currency, until, ANN)


def test_exempt_customers_and_unknown_rates(office: Office) -> None:
    orders = office.policy.orders.model_copy(update={"exempt": ("10001",)})
    assert codes(office, asked(amount="999999", currency="USD")) == ("review", ["no_rate"])
    office.policy = office.policy.model_copy(update={"orders": orders})
    assert codes(office, asked(amount="999999")) == ("pass", ["exempt"])


def test_a_customer_without_a_limit_or_a_decision_is_reviewed(office: Office) -> None:
    assert codes(office, replace(asked(), account="10002")) == ("review", ["no_limit"])
    assert codes(office, replace(asked(), account="20001")) == ("review", ["not_decided"])
    verdict, found = codes(office, replace(asked(), account="Säumig"))
    assert verdict == "hold"
    assert found[0] == "grade"


def test_a_limit_that_is_used_up_is_told_as_such(office: Office) -> None:
    check_order(office, asked("G-1", "4000"), reserve=True)
    (reason,) = check_order(office, asked(amount="10")).reasons
    assert reason.code == "over_limit"
    assert "used up already; with this order it is exceeded by {over}" in reason.message
    assert reason.params["over"] == "10.00"


@pytest.mark.parametrize(
    "figures",
    [
        {"amount": Decimal(-1)},
        {"amount": Decimal("1e13")},
        {"amount": Decimal(1), "currency": "EURO"},
        {"prepaid_share": Decimal("1.1")},
        {"terms_days": 99_999},
        {"number": "x" * 101},
        {"number": "\x1b[2J"},
        {"account": " "},
    ],
)
def test_figures_that_cannot_be_meant_are_refused(figures: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="cannot be meant"):
        Asked(**{"account": "10001", **figures})


def test_what_is_missing_is_asked_for(office: Office) -> None:
    with pytest.raises(InputError, match="The amount is missing"):
        check_order(office, asked("unknown", None))
    with pytest.raises(InputError, match="--record an opportunity"):
        check_order(office, asked("unknown", None, kind="opportunity"))
    with pytest.raises(InputError, match="an order with a number"):
        check_order(office, asked(), reserve=True)
    with pytest.raises(InputError, match="No account fits nobody"):
        check_order(office, replace(asked(), account="nobody"))


def test_before_the_first_run_nothing_can_be_checked(tmp_path: Any) -> None:
    office = build_office(tmp_path / "state")
    with pytest.raises(StateError, match="no copy of the ledger"):
        check_order(office, asked())
    office.close()


def test_an_entered_limit_is_no_business_of_the_check(office: Office) -> None:
    """What was entered counts from the next run on, as every fact."""
    add_fact(office, "limit", "10002", {"state": "cash_only", "currency": "EUR"}, ANN)
    assert codes(office, replace(asked(), account="10002")) == ("review", ["no_limit"])
