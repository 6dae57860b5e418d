"""One daemon at a time, a word to the supervisor, a clock that can be stopped, the ticks' pace."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from connector.daemon.claim import LOCK_NAME, NOTE_NAME, claim_daemon
from connector.daemon.health import build_app, serve_health
from connector.daemon.notify import notify
from connector.daemon.pace import Pace
from connector.daemon.stopping import StoppableClock
from connector.errors import BusyError, InputError, StoppedError
from connector.ports.stopping import StopSignal
from connector.store.opening import open_store
from connector.testing.clock import FakeClock

PATIENCE = 60.0
HOLD = """
import sys
from filelock import FileLock
lock = FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_the_note_names_the_holder_and_goes_with_it(tmp_path: Path) -> None:
    store, clock = open_store(tmp_path), FakeClock()
    with claim_daemon(tmp_path, store, clock, "here:1:aa") as claim:
        note = json.loads((tmp_path / NOTE_NAME).read_text(encoding="utf-8"))
        assert note["host"] == socket.gethostname()
        assert [h.owner for h in store.lease_holders(clock.now())] == ["here:1:aa"]
        clock.move(seconds=119)
        claim.renew()
        clock.move(seconds=119)
        assert [h.owner for h in store.lease_holders(clock.now())] == ["here:1:aa"]
    assert not (tmp_path / NOTE_NAME).exists()
    assert list(store.lease_holders(clock.now())) == []
    store.close()


def test_a_second_one_on_this_machine_is_told_who_works(tmp_path: Path) -> None:
    store, clock = open_store(tmp_path), FakeClock()
    (tmp_path / NOTE_NAME).write_text('{"pid": 4711, "host": "there", "since": "today"}', "utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / LOCK_NAME)], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(BusyError, match="process 4711 on there, since today"),
            claim_daemon(tmp_path, store, clock, "here:1:aa"),
        ):
            pytest.fail("two daemons")
        other.communicate()
    store.close()


def test_one_on_another_machine_is_kept_out_by_the_lease_until_it_expires(tmp_path: Path) -> None:
    store, clock = open_store(tmp_path), FakeClock()
    store.acquire_lease("daemon", "elsewhere:1:aa", clock.now(), 120)
    with (
        pytest.raises(BusyError, match="elsewhere:1:aa"),
        claim_daemon(tmp_path, store, clock, "here:1:aa"),
    ):
        pytest.fail("two daemons")
    clock.move(seconds=121)
    with claim_daemon(tmp_path, store, clock, "here:1:aa"):
        pass
    store.close()


def test_one_of_this_machine_that_was_killed_is_succeeded_at_once(tmp_path: Path) -> None:
    store, clock = open_store(tmp_path), FakeClock()
    store.acquire_lease("daemon", "here:99:zz", clock.now(), 120)
    with claim_daemon(tmp_path, store, clock, "here:1:aa") as claim:
        assert claim.fence.number == 2
    store.close()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no such sockets here")
def test_the_supervisor_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(place))
        supervisor.settimeout(PATIENCE)
        monkeypatch.setenv("NOTIFY_SOCKET", str(place))
        notify("READY=1")
        assert supervisor.recv(100) == b"READY=1"
    notify("WATCHDOG=1")  # the supervisor is gone: nothing happens
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify("STOPPING=1")


def test_sleep_ends_as_soon_as_the_task_should_stop() -> None:
    stop = StopSignal()
    clock = StoppableClock(FakeClock(), stop)
    ended: list[type[BaseException]] = []

    def work() -> None:
        try:
            clock.sleep(PATIENCE * 10)
        except StoppedError as error:
            ended.append(type(error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    stop.ask()
    thread.join(PATIENCE)
    assert ended == [StoppedError]
    with pytest.raises(StoppedError, match="asked to stop"):
        clock.sleep(0)


def test_a_jump_of_the_wall_clock_is_noticed_and_ticks_go_on() -> None:
    clock, ticks, jumps = FakeClock(), list[int](), list[float]()
    pace = Pace(clock, 5, lambda: ticks.append(1), jumps.append)
    for jump in (timedelta(hours=-1), timedelta(hours=2)):
        clock.move(seconds=5)
        clock.turn(clock.now() + jump)
        pace.run_pending()
    assert [round(jump) for jump in jumps] == [-3600, 7200]
    assert len(ticks) == 2
    clock.move(seconds=5)
    clock.turn(clock.now() + timedelta(seconds=20))  # drift, not a jump
    pace.run_pending()
    assert len(jumps) == 2
    assert 0 <= pace.idle <= 5


def test_a_port_that_is_taken_is_a_sentence() -> None:
    app = build_app(lambda: {"well": True}, lambda: {"well": True}, lambda: b"")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=str(port)), serve_health(app, "127.0.0.1", port):
            pytest.fail("two on one port")
