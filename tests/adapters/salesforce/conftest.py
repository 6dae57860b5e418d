from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator, start
from tests.adapters.salesforce.connections import FakeClock, make_opening

Connect = Callable[..., SalesforceAdapter]


@pytest.fixture
def emulator() -> Iterator[RunningEmulator]:
    with start(tls=False) as running:
        yield running


@pytest.fixture
def clock(emulator: RunningEmulator) -> FakeClock:
    return FakeClock(emulator.control.now())


@pytest.fixture
def connect(emulator: RunningEmulator, clock: FakeClock) -> Iterator[Connect]:
    """Opens connections to the emulator, with options as keywords, and closes them."""
    opened: list[SalesforceAdapter] = []

    def open_one(url: str = "", secret: str = "", **options: str) -> SalesforceAdapter:
        opening = make_opening(
            url or emulator.url,
            client_id=options.pop("client_id", emulator.client_id),
            secret=secret or emulator.client_secret,
            options=options,
            clock=clock,
        )
        opened.append(SalesforceAdapter(opening))
        return opened[-1]

    yield open_one
    for adapter in opened:
        adapter.close()


@pytest.fixture
def adapter(connect: Connect) -> SalesforceAdapter:
    return connect()
