"""Reserved credit and releases: two orders cannot spend the same credit."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Thread

import pytest

from connector.errors import BusyError
from connector.ports.orders import Release, Reservation, Room
from connector.ports.store import Fence
from connector.store.store import DjangoStore
from tests.unit.store.conftest import OpenStore
from tests.unit.store.samples import NOW, decision, decisions

HOUR = timedelta(hours=1)
ROOM = Room(number=0, available=Decimal(100))


def wanted(order: str, amount: str, party: str = "p1", hours: int = 72) -> Reservation:
    return Reservation(
        reservation_id=f"r-{party}-{order}-{amount}", party_id=party, order_number=order,
        amount=Decimal(amount), order_amount=Decimal(amount), currency="EUR", made_at=NOW,
        made_by="rep", expires_at=NOW + hours * HOUR, account="Muster AG",
    )  # fmt: skip


def test_what_one_order_reserves_another_cannot(store: DjangoStore) -> None:
    orders = store.orders
    assert orders.reserve(wanted("A", "60.5"), ROOM, NOW)
    assert not orders.reserve(wanted("B", "39.5001"), ROOM, NOW)
    assert orders.reserve(wanted("B", "39.5"), ROOM, NOW)
    standing = orders.standing("p1", (), "B", NOW)
    assert (standing.reserved, standing.own.amount if standing.own else None) == (
        Decimal("60.5"), Decimal("39.5"),
    )  # fmt: skip
    assert orders.standing("p2", (), "B", NOW).reserved == 0


def test_an_order_checked_again_takes_its_own_place(store: DjangoStore) -> None:
    orders = store.orders
    assert orders.reserve(wanted("A", "90"), ROOM, NOW)
    assert orders.reserve(wanted("A", "95"), ROOM, NOW)
    assert [r.amount for r in orders.reservations(NOW)] == [Decimal(95)]
    assert [r.ended_by for r in orders.reservations(NOW, all_of_them=True)] == ["", "replaced"]
    assert not orders.reserve(wanted("A", "101"), ROOM, NOW)
    assert [r.amount for r in orders.reservations(NOW)] == [Decimal(95)]


def test_reservations_expire_at_their_moment_and_can_be_given_back(store: DjangoStore) -> None:
    orders = store.orders
    orders.reserve(wanted("A", "100", hours=2), ROOM, NOW)
    just_before, then = NOW + 2 * HOUR - timedelta(microseconds=1), NOW + 2 * HOUR
    assert not orders.reserve(wanted("B", "1"), ROOM, just_before)
    assert orders.reserve(wanted("B", "100"), ROOM, then)
    ids = [r.reservation_id for r in orders.reservations(then)]
    assert orders.end_reservations([*ids, "unknown"], "released", then) == 1
    assert orders.end_reservations(ids, "released", then) == 0
    assert orders.reservations(then) == []


def test_a_group_shares_its_room(store: DjangoStore) -> None:
    room = Room(0, available=Decimal(100), group_available=Decimal(120), members=("p1", "p2"))
    assert store.orders.reserve(wanted("A", "80"), room, NOW)
    assert not store.orders.reserve(wanted("B", "41", party="p2"), room, NOW)
    assert store.orders.reserve(wanted("B", "40", party="p2"), room, NOW)
    standing = store.orders.standing("p1", ("p1", "p2"), "C", NOW)
    assert (standing.reserved, standing.reserved_in_group) == (Decimal(80), Decimal(120))


def test_without_bounds_everything_fits(store: DjangoStore) -> None:
    assert store.orders.reserve(wanted("A", "99999999999999"), Room(0), NOW)


def test_room_that_was_measured_under_other_decisions_does_not_count(
    store: DjangoStore, fence: Fence
) -> None:
    store.stage_decisions(decisions("r1", decision("p1")), fence)
    store.commit_run("r1", 1, {}, [], fence)
    assert store.orders.standing("p1", (), "A", NOW).number == 1
    with pytest.raises(BusyError, match="Other decisions came into force"):
        store.orders.reserve(wanted("A", "1"), ROOM, NOW)
    assert store.orders.reserve(wanted("A", "1"), replace(ROOM, number=1), NOW)


def test_the_latest_release_of_an_order_holds(store: DjangoStore) -> None:
    first = Release("p1", "A", Decimal(110_000), "EUR", date(2026, 3, 31), "ann", "agreed", NOW)
    store.orders.release(first)
    assert store.orders.standing("p1", (), "A", NOW).release == first
    store.orders.release(replace(first, amount=Decimal(90_000), who="bob"))
    found = store.orders.standing("p1", (), "A", NOW).release
    assert found is not None
    assert (found.amount, found.who) == (Decimal(90_000), "bob")
    assert store.orders.standing("p1", (), "B", NOW).release is None
    assert store.orders.standing("p2", (), "A", NOW).release is None
    assert [r.who for r in store.orders.releases()] == ["bob", "ann"]


def test_two_threads_cannot_spend_the_same_credit(store: DjangoStore, fence: Fence) -> None:
    store.stage_decisions(decisions("r1", decision("p1")), fence)
    store.commit_run("r1", 1, {}, [], fence)
    room, start, ends = replace(ROOM, number=1), Barrier(4), []

    def reserve(number: int) -> None:
        start.wait(10)
        try:
            ends.append(store.orders.reserve(wanted(f"T{number}", "40"), room, NOW))
        finally:
            store.close()

    threads = [Thread(target=reserve, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ends) == [False, False, True, True]
    assert sum(r.amount for r in store.orders.reservations(NOW)) == 80


RESERVE = """
import sys
from pathlib import Path
from connector.store.opening import open_store
store = open_store(Path(sys.argv[1]), sys.argv[2] or None)
from tests.unit.store.samples import NOW
from tests.unit.store.test_orders import ROOM, wanted
from dataclasses import replace
print("ready", flush=True)
sys.stdin.readline()
print(store.orders.reserve(wanted(sys.argv[3], "60"), replace(ROOM, number=1), NOW), flush=True)
store.close()
"""


def test_two_processes_cannot_spend_the_same_credit(
    tmp_path: Path, reopen: OpenStore, database_url: str | None
) -> None:
    store = reopen()
    fence = store.acquire_lease("run", "host:1:1", NOW, 600)
    store.stage_decisions(decisions("r1", decision("p1")), fence)
    store.commit_run("r1", 1, {}, [], fence)
    people = [
        subprocess.Popen(
            [sys.executable, "-c", RESERVE, str(tmp_path / "state"), database_url or "", order],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for order in ("A", "B")
    ]  # fmt: skip
    for person in people:
        assert person.stdout is not None
        assert person.stdout.readline() == "ready\n"
    for person in people:
        assert person.stdin is not None
        person.stdin.write("\n")
        person.stdin.flush()
    told = sorted(person.communicate(timeout=60)[0].strip() for person in people)
    assert told == ["False", "True"]
    assert sum(r.amount for r in store.orders.reservations(NOW)) == 60
