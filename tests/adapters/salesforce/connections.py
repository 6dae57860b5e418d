"""Connections to a running emulator, a clock that never waits, and secrets in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.salesforce.adapter import SalesforceAdapter
from connector.errors import SecretError
from connector.ports.crm import Page, PullRequest
from connector.ports.manifest import Opening

REFERENCE = "env:SALESFORCE_SECRET"


class FakeClock:
    """Moves only when it is told to or asked to sleep; `tick` seconds pass at each look."""

    def __init__(self, start: datetime, tick: float = 0.0) -> None:
        self.start = start
        self.elapsed = 0.0
        self.tick = tick
        self.sleeps: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        with self._lock:
            self.elapsed += self.tick
            return self.elapsed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.sleeps.append(seconds)
            self.elapsed += seconds


@dataclass
class MemorySecrets:
    """Secrets by reference, and how often each was asked for."""

    values: dict[str, str]
    asked: list[str] = field(default_factory=list)

    def resolve(self, reference: str) -> str:
        self.asked.append(reference)
        if reference not in self.values:
            raise SecretError("There is no secret at {reference}.", reference=reference)
        return self.values[reference]


def make_opening(
    url: str,
    *,
    client_id: str,
    secret: str,
    options: Mapping[str, str] | None = None,
    clock: FakeClock | None = None,
    folder: Path | None = None,
) -> Opening:
    return Opening(
        connection="acme",
        options={
            "url": url,
            "client_id": client_id,
            "client_secret": REFERENCE,
            "budget_share": "1",
            **(options or {}),
        },
        secrets=MemorySecrets({REFERENCE: secret}),
        clock=clock or FakeClock(datetime(2030, 1, 1, tzinfo=UTC)),
        folder=folder or Path.cwd(),
        state_folder=folder or Path.cwd(),
    )


def read_all(adapter: SalesforceAdapter, request: PullRequest) -> list[Page]:
    """All pages of a pull; checks that only the last one ends it."""
    pages = list(drain(adapter, request))
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert [page.cursor is None for page in pages] == [True] * (len(pages) - 1) + [False]
    return pages


def drain(adapter: SalesforceAdapter, request: PullRequest) -> Iterator[Page]:
    yield from adapter.pull(request)


def count_rows(pages: list[Page]) -> int:
    return sum(len(page.records) + len(page.deletions) for page in pages)
