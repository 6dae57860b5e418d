"""The emulator's clock: real time with an offset, or standing still."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(slots=True)
class EmulatorClock:
    """A clock that tests move; every stamp an emulator writes comes from it.

    `offset` is in seconds and is added to the machine's time. While `frozen_at`
    (seconds since 1970, UTC) is set, time stands still there.
    """

    offset: float = 0.0
    frozen_at: float | None = None

    def timestamp(self) -> float:
        """Return seconds since 1970 in UTC on this clock."""
        if self.frozen_at is not None:
            return self.frozen_at
        return time.time() + self.offset

    def now(self) -> datetime:
        """Return the clock's time as an aware UTC datetime."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def set(self, moment: datetime) -> None:
        """Move to `moment` (aware); a frozen clock stays frozen there."""
        if moment.tzinfo is None:
            raise ValueError("the clock needs a time with a zone, such as 2026-01-31T10:00:00Z")
        if self.frozen_at is not None:
            self.frozen_at = moment.timestamp()
        else:
            self.offset = moment.timestamp() - time.time()

    def advance(self, seconds: float) -> None:
        """Move by `seconds`; a negative number moves back."""
        if self.frozen_at is not None:
            self.frozen_at += seconds
        else:
            self.offset += seconds

    def freeze(self) -> None:
        """Stop the clock at its present time."""
        self.frozen_at = self.timestamp()

    def unfreeze(self) -> None:
        """Let the clock run on from where it stands."""
        if self.frozen_at is not None:
            self.offset = self.frozen_at - time.time()
            self.frozen_at = None

    def state(self) -> dict[str, float | None]:
        """Return what must be kept to restore the clock."""
        return {"offset": self.offset, "frozen_at": self.frozen_at}

    def restore(self, state: dict[str, float | None]) -> None:
        """Take over a `state()` of an earlier run."""
        self.offset = float(state.get("offset") or 0.0)
        self.frozen_at = state.get("frozen_at")
