"""The office: one runner at a time, one pair of ledger and store, connections by name."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from connector.errors import BusyError, InputError, StateError
from connector.ledger import Ledger
from connector.service.office import LEASE, Office
from connector.sync.desk import LEASE_SECONDS
from connector.testing.clock import FakeClock
from tests.unit.service.offices import HOST, build_office, crm_of

ROOT = Path(__file__).resolve().parents[3]


def test_a_second_runner_is_told_who_works_there(office: Office) -> None:
    program = "import sys; from tests.unit.service.offices import hold_the_desk; "
    program += "from pathlib import Path; hold_the_desk(Path(sys.argv[1]))"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(office.folder)], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "at the desk\n", other.communicate()[1]
        with pytest.raises(BusyError, match=rf"process {other.pid} ") as caught, office.desk():
            pytest.fail("two runners at one desk")
        assert caught.value.exit_code == 75
        _, err = other.communicate("")
        assert other.returncode == 0, err
    with office.desk() as desk:
        assert desk.ledger.last_seq == 0


def test_a_lease_of_another_machine_is_respected_until_it_expires(office: Office) -> None:
    now = office.clock.now()
    office.store.acquire_lease(LEASE, "elsewhere:7:bb", now, LEASE_SECONDS)
    with pytest.raises(BusyError, match="elsewhere:7:bb"), office.desk():
        pytest.fail("the lease of another machine was ignored")
    office.clock.sleep(LEASE_SECONDS + 1)
    with office.desk() as desk:
        assert desk.fence.owner == office.owner


def test_a_lease_of_a_dead_process_of_this_machine_is_taken_over(office: Office) -> None:
    """Its process held the ledger's lock, which is ours: so it is gone, and nobody waits."""
    dead = office.store.acquire_lease(LEASE, f"{HOST}:7:bb", office.clock.now(), LEASE_SECONDS)
    with office.desk() as desk:
        assert desk.fence.number > dead.number
    with pytest.raises(BusyError):
        office.store.renew_lease(dead, office.clock.now(), LEASE_SECONDS)


def test_the_desk_is_given_back_after_an_error(office: Office) -> None:
    with pytest.raises(ZeroDivisionError), office.desk():
        _ = 1 / 0
    other = build_office(office.folder, owner="elsewhere:9:cc")
    with other.desk() as desk:
        assert desk.fence.owner == "elsewhere:9:cc"
    other.close()


def test_another_ledger_beside_the_store_is_refused(office: Office) -> None:
    with office.desk():
        pass
    (office.folder / "ledger").rename(office.folder / "old ledger")
    with pytest.raises(StateError, match="ledger"), office.desk():
        pytest.fail("a store worked with another ledger")


def test_the_ledger_is_free_when_the_pair_is_refused(office: Office) -> None:
    office.store.bind_ledger("another", 0)
    with pytest.raises(StateError), office.desk():
        pytest.fail("a store worked with another ledger")
    with Ledger.open(office.folder / "ledger") as ledger:
        assert ledger.ledger_id != "another"


def test_today_is_the_companys_day(tmp_path: Path) -> None:
    late = FakeClock(datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    office = build_office(tmp_path, late)
    assert office.today() == date(2026, 3, 3)
    with office.desk() as desk:
        assert desk.as_of == date(2026, 3, 3)
    with office.desk(date(2025, 1, 1)) as desk:
        assert desk.as_of == date(2025, 1, 1)
    office.close()


def test_every_run_has_an_id_of_its_own(office: Office) -> None:
    ids = set()
    for _ in range(3):
        with office.desk() as desk:
            ids.add(desk.run_id)
    assert len(ids) == 3


def test_connections_are_opened_once_and_closed_at_the_end(tmp_path: Path) -> None:
    office = build_office(tmp_path)
    crm = crm_of(office)
    assert office.connect("crm") is office.connect("crm")
    assert list(office.connect_all()) == [office.connect("crm")]
    office.close()
    assert crm.closed


def test_an_unknown_connection_is_a_sentence_with_the_known_ones(office: Office) -> None:
    with pytest.raises(InputError, match=r"no connection erp.*Known connections: crm"):
        office.connect("erp")


def test_without_a_connection_the_next_step_is_named(office: Office) -> None:
    office.connection_names = ()
    with pytest.raises(InputError, match="creditflag connect"):
        office.connect_all()
