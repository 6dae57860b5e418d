"""One request and one answer, as emulators see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from adapters.emulatorkit.clock import EmulatorClock
from adapters.emulatorkit.counters import Counters
from adapters.emulatorkit.faults import FaultScript
from adapters.emulatorkit.records import RecordStore


@dataclass(frozen=True, slots=True)
class Call:
    """A request: decoded path, decoded query, lower-case header names, whole body.

    `base_url` is scheme, host and port as the caller used them. `number` is the
    position in the emulator's count of calls (0 for calls inside another call).
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    number: int = 0
    url_bytes: int = 0
    raw_path: str = ""


@dataclass(slots=True)
class Reply:
    """An answer: status, body bytes and headers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class ControlError(Exception):
    """A control call that cannot be done; `message` says what to change."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class EmulatorService(Protocol):
    """What a vendor's emulator gives to the shared HTTP side."""

    clock: EmulatorClock
    records: RecordStore
    faults: FaultScript
    counters: Counters

    def classify(self, call: Call) -> str:
        """Name the endpoint class of a call, for counters and fault rules."""

    def answer(self, call: Call) -> Reply:
        """Answer an API call; never raises for bad input."""

    def expire_sessions(self) -> int:
        """End every session; returns how many there were."""

    def control(self, action: str, call: Call) -> Any:
        """Do a vendor's own control action and return a JSON value.

        Raises ControlError when the action is unknown or its input is wrong.
        """

    def save_settings(self) -> None:
        """Write what is not a record (clock, schema, settings) to the data file, if any."""
