"""What every test stands on: nothing leaves the machine, nothing of the developer's leaks in."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from connector.credit import engine
from connector.credit.policy.document import PolicyDoc
from tests.scenario.world import shared_programs

ROOT = Path(__file__).resolve().parent.parent

# The developer's own configuration, proxies and language are not the tests' business, nor that of
# the processes that tests start.
for name in ("CREDITFLAG_CONFIG", "CREDITFLAG_DATABASE_URL", "LANGUAGE", "LC_MESSAGES"):
    os.environ.pop(name, None)
os.environ.update({"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "NO_PROXY": "127.0.0.1,localhost"})

# No deadline: a loaded machine is not a failure.
settings.register_profile(
    "creditflag", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("creditflag")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow tests last, so that what breaks quickly is seen quickly; of their modules the
    fullest first, so that no worker is left alone with it at the end."""
    slow = {item for item in items if item.get_closest_marker("slow") is not None}
    sizes = Counter(item.location[0] for item in slow)
    items.sort(key=lambda item: (item in slow, -sizes[item.location[0]] if item in slow else 0))


@pytest.fixture(scope="session", autouse=True)
def programs_shared() -> Iterator[None]:
    """Compiled policies are kept for all workers; their key holds the digest of the sources."""
    folder = shared_programs()
    plain = engine.compile_program

    def compile_shared(policy: PolicyDoc, programs: Path | None = None, *more: Any) -> Any:
        return plain(policy, programs or folder, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "compile_program", compile_shared)
        yield


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Fail any test that connects to another machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0])
            if not (host.startswith("127.") or host in ("localhost", "::1")):
                pytest.fail(f"a test tried to connect to {host}; tests talk to loopback only")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the public receivables sets, else the sentence why the test is skipped."""
    named = os.environ.get("CREDITFLAG_REAL_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is no folder; name one with CREDITFLAG_REAL_DATA")
    return folder


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """URL of a PostgreSQL server whose contents may be lost, else why the test is skipped."""
    url = os.environ.get("CREDITFLAG_TEST_POSTGRES_URL")
    if not url:
        pytest.skip("no PostgreSQL server: CREDITFLAG_TEST_POSTGRES_URL is not set")
    return url
