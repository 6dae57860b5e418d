"""The daemon as a process against the emulator: one at a time, ended at any moment, no doubles.

The judge is the emulator's own record of effects.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.emulatorkit import asgi
from connector.demo.company import DemoSize
from tests.scenario import world as scene
from tests.scenario.world import World, build_world

pytestmark = pytest.mark.slow

PATIENCE = 180.0
"""Seconds until a state that must come counts as never coming."""

DAEMON = """
[daemon]
tick_seconds = 1
health_port = 0

[daemon.jobs.{name}]
when = "{when}"
"""
NEVER = "cron 0 0 29 2 *"


def noon() -> str:
    """A time zone in which it is about noon, so that no test runs over midnight."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Built and settled as of today, which is the daemon's date."""
    folder, zone = tmp_path_factory.mktemp("daemon"), noon()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene, "AS_OF", datetime.now(ZoneInfo(zone)).date())
        yield from settled(folder, zone)


def settled(folder: Path, zone: str) -> Iterator[World]:
    with build_world(folder, DemoSize(accounts=40, months=6)) as made:
        text = made.config.read_text(encoding="utf-8")
        text = text.replace('currency = "CNY"', f'currency = "CNY"\ntimezone = "{zone}"', 1)
        made.config.write_text(text, encoding="utf-8")
        first = made.call("run", "--json")
        assert first.code == 5, first.err
        assert made.call("apply", "--plan", first.json["plan_files"]["crm"]).code == 0
        assert made.call("run").code == 0
        yield made


@pytest.fixture(scope="module")
def victims(world: World) -> Iterator[str]:
    return iter(world.customers())


@contextmanager
def schedule(world: World, name: str, when: str = "every 1h") -> Iterator[None]:
    """The one job of the settings; a name that is new is due at once."""
    before = world.config.read_text(encoding="utf-8")
    world.config.write_text(before + DAEMON.format(name=name, when=when), encoding="utf-8")
    try:
        yield
    finally:
        world.config.write_text(before, encoding="utf-8")


@dataclass
class Running:
    """A daemon process; what it says is collected as it comes."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if "Health" in line:
                self.ready.set()
        self.ready.set()

    @property
    def port(self) -> int:
        found = re.search(r"port (\d+)", "".join(self.said))
        assert found, self.said
        return int(found[1])

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code


@contextmanager
def daemon(world: World) -> Iterator[Running]:
    """A daemon at work; killed at the end if it is still there."""
    running = Running(world.start("daemon"))
    try:
        assert running.ready.wait(PATIENCE)
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait(PATIENCE)
        for pipe in (running.process.stdout, running.process.stderr):
            assert pipe is not None
            pipe.close()


def wait_for(what: Callable[[], Any]) -> Any:
    """The first true answer; the test fails when none comes."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.1)
    return pytest.fail("it never came")


def job(world: World) -> dict[str, Any]:
    (found,) = world.call("status", "--json").json["jobs"]
    assert isinstance(found, dict)
    return found


def assert_each_effect_once(effects: list[dict[str, Any]]) -> None:
    seen = Counter((e["object"], e["id"], json.dumps(e["fields"], sort_keys=True)) for e in effects)
    assert [key for key, n in seen.items() if n > 1] == []
    keys = Counter(e["fields"].get("CreditFlag_Key__c") for e in effects if e["object"] == "Task")
    assert [key for key, n in keys.items() if n > 1] == []


def written(world: World, since: int) -> list[str]:
    return [effect["object"] for effect in world.effects()[since:]]


@contextmanager
def held_call(
    world: World, monkeypatch: pytest.MonkeyPatch, **call: Any
) -> Iterator[Callable[[], None]]:
    """The next such call waits at the emulator until the given function is called."""
    gate = threading.Event()

    async def wait_at_gate(_seconds: float) -> None:
        while not gate.is_set():
            await asyncio.sleep(0.02)

    monkeypatch.setattr(asgi, "asyncio", SimpleNamespace(sleep=wait_at_gate))
    world.emulator.control.add_faults({"action": "delay", "seconds": 1, "times": 1, **call})
    try:
        yield gate.set
    finally:
        gate.set()
        world.emulator.control.clear_faults()
        monkeypatch.undo()


def ask_to_stop(world: World, running: Running) -> None:
    """SIGTERM, taken note of: two that come together are one."""
    log = world.folder / ".creditflag" / "creditflag.log"
    before = log.read_text(encoding="utf-8").count("daemon_stopping")
    running.process.send_signal(signal.SIGTERM)
    wait_for(lambda: log.read_text(encoding="utf-8").count("daemon_stopping") > before)


def is_held(world: World) -> bool:
    return any(rule["struck"] for rule in world.emulator.control.faults()["calls"])


# -- tests -------------------------------------------------------------------------------------


def test_one_works_the_other_names_the_holder_and_health_tells(
    world: World, victims: Iterator[str]
) -> None:
    account = next(victims)
    before = len(world.effects())
    world.add_overdue_invoice(account, "INV-DAEMON-1")
    with schedule(world, "first"), daemon(world) as running:
        second = world.call("daemon")
        assert second.code == 75
        assert f"process {running.process.pid} on" in second.err
        wait_for(lambda: 'creditflag_jobs_total{job="first"' in running.get("/metrics")[1])
        state = job(world)
        assert running.get("/readyz")[0] == 200
        assert (state["last_outcome"], state["late"], state["missed"]) == ("ok", False, 0)
        assert world.call("status", "--check").code == 0
        assert running.get("/healthz")[0] == 200
        figures = {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(running.get("/metrics")[1])
            for sample in family.samples
        }
        assert figures["creditflag_jobs_total", "first", "ok"] == 1
        written_now = written(world, before)
        assert figures["creditflag_changes_total", "crm", "verified"] == len(written_now)
        assert 0 <= figures["creditflag_freshness_seconds", "crm", "refreshed"] < 3600
        assert running.get("/elsewhere")[0] == 404
        assert running.end(signal.SIGTERM) == 0
    assert set(written_now) == {"Account", "Task"}
    assert world.call("status", "--check").code == 75


def test_sigterm_in_mid_batch_ends_cleanly_and_the_next_run_goes_on(
    world: World, victims: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(world.effects())
    world.add_overdue_invoice(next(victims), "INV-DAEMON-2")
    with (
        schedule(world, "termed"),
        held_call(world, monkeypatch, kind="collection_update") as release,
    ):
        with daemon(world) as running:
            wait_for(lambda: is_held(world))
            ask_to_stop(world, running)
            release()
            assert running.process.wait(PATIENCE) == 0
        # The call in flight was finished and committed, nothing after it was begun.
        assert set(written(world, before)) == {"Account"}
        state = job(world)
        assert state["last_outcome"] == "StoppedError"
        assert state["late"]
        once = world.call("daemon", "--once")
        assert once.code == 0, once.err
        assert job(world)["last_outcome"] == "ok"
    assert set(written(world, before)) == {"Account", "Task"}
    assert_each_effect_once(world.effects()[before:])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_kill_in_mid_batch_is_as_safe(
    world: World, victims: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(world.effects())
    with schedule(world, "killed"):
        world.add_overdue_invoice(next(victims), "INV-DAEMON-3")
        with held_call(world, monkeypatch, kind="collection_update"), daemon(world) as running:
            wait_for(lambda: is_held(world))
            assert running.end(signal.SIGKILL) == -signal.SIGKILL
        assert job(world)["late"]
        once = world.call("daemon", "--once")
        assert once.code == 0, once.err
    assert_each_effect_once(world.effects()[before:])
    assert set(written(world, before)) == {"Account", "Task"}


def test_sigterm_while_reading_ends_between_two_pages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = world.write_calls()
    with schedule(world, "reading"):
        with held_call(world, monkeypatch, kind="query") as release, daemon(world) as running:
            wait_for(lambda: is_held(world))
            running.process.send_signal(signal.SIGINT)
            release()
            assert running.process.wait(PATIENCE) == 0
        assert job(world)["last_outcome"] == "StoppedError"
    assert world.write_calls() == before


def test_a_second_signal_forces_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with schedule(world, "forced"):
        with held_call(world, monkeypatch, kind="query"), daemon(world) as running:
            wait_for(lambda: is_held(world))
            ask_to_stop(world, running)
            assert running.end(signal.SIGTERM) == 75
        assert job(world)["late"]


def test_nothing_due_is_nothing_done(world: World) -> None:
    calls = len(world.emulator.control.calls())
    with schedule(world, "never", NEVER):
        assert world.call("daemon", "--once").code == 0
    assert len(world.emulator.control.calls()) == calls


def test_no_secret_is_told_by_the_daemon(world: World, tmp_path: Path) -> None:
    secret = world.emulator.client_secret
    world.emulator.control.add_faults(
        {"action": "respond", "status": 400, "path": "oauth2/token", "times": None,
         "body": {"error": "invalid_client", "error_description": f"bad client_secret={secret}"}},
    )  # fmt: skip
    with schedule(world, "refused"):
        with daemon(world) as running:
            wait_for(lambda: 'outcome="SignInError"' in running.get("/metrics")[1])
            told = "".join(running.get(path)[1] for path in ("/healthz", "/readyz", "/metrics"))
            assert running.end(signal.SIGTERM) == 0
            told += "".join(running.said)
        told += world.call("status", "--json").out
    world.emulator.control.clear_faults()
    told += (world.folder / ".creditflag" / "creditflag.log").read_text(encoding="utf-8")
    assert "SignInError" in told
    assert secret not in told
    for token in world.emulator.service.org.sessions:
        assert token not in told
