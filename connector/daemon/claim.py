"""One daemon at a time: a file lock that dies with its process, and a lease in the store.

The lock keeps a second daemon of this machine out even when the first was killed a moment ago; the
lease keeps out one on another machine that shares the store.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from connector.errors import BusyError, StateError
from connector.ports.clock import ClockPort
from connector.ports.store import Fence, StorePort
from connector.service.reporting import DAEMON_LEASE as LEASE

LEASE_SECONDS = 120
LOCK_NAME = "daemon.lock"
NOTE_NAME = "daemon.json"


class Claim:
    """The right to be the daemon; `fence` proves it to the store."""

    def __init__(self, store: StorePort, clock: ClockPort, fence: Fence) -> None:
        self.fence = fence
        self._store = store
        self._clock = clock
        self._renewed = clock.monotonic()

    def renew(self) -> None:
        """Prolong the lease when a third of its life is over; BusyError when it was lost."""
        if self._clock.monotonic() - self._renewed < LEASE_SECONDS / 3:
            return
        self._store.renew_lease(self.fence, self._clock.now(), LEASE_SECONDS)
        self._renewed = self._clock.monotonic()


@contextmanager
def claim_daemon(folder: Path, store: StorePort, clock: ClockPort, owner: str) -> Iterator[Claim]:
    """Be the one daemon of the state folder and of the store; BusyError names the holder."""
    with _locked(folder, clock.now()):
        fence = store.acquire_lease(LEASE, owner, clock.now(), LEASE_SECONDS, _of_host(owner))
        try:
            yield Claim(store, clock, fence)
        finally:
            store.release_lease(fence)


def _of_host(owner: str) -> Callable[[str], bool]:
    """A holder of this machine is dead: the file lock, which dies with its process, is ours."""
    return lambda holder: holder.partition(":")[0] == owner.partition(":")[0]


@contextmanager
def _locked(folder: Path, now: datetime) -> Iterator[None]:
    lock = FileLock(folder / LOCK_NAME, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise _busy(folder) from None
    except OSError as error:
        raise StateError(
            "The state folder cannot be used: {reason}.",
            where=str(folder),
            next_step="Name a folder that this user may write to.",
            reason=error.strerror or type(error).__name__,
        ) from None
    note = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": now.isoformat("T", "seconds"),
    }
    try:
        _leave_note(folder, note)
        yield
    finally:
        (folder / NOTE_NAME).unlink(missing_ok=True)
        lock.release()


def _leave_note(folder: Path, note: dict[str, object]) -> None:
    """In one step: whoever finds the note finds all of it."""
    draft = folder / f"{NOTE_NAME}.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(note), encoding="utf-8")
    draft.replace(folder / NOTE_NAME)


def _busy(folder: Path) -> BusyError:
    try:
        note = json.loads((folder / NOTE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        note = {}
    return BusyError(
        "Another daemon works on this state folder: process {pid} on {host}, since {since}.",
        where=str(folder),
        next_step="Leave it running, or end it and start again.",
        pid=note.get("pid", "?"),
        host=note.get("host", "?"),
        since=note.get("since", "?"),
    )
