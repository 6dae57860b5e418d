"""Where a reading stands, as text that outlives the process.

A reading is a list of windows of the change stamp, done one after the other. The text is ours
alone: what cannot be read any more, or is older than Salesforce keeps deleted records and jobs,
is dropped, and the reading starts anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.salesforce.selection import Window, read_stamp
from connector.errors import StateError

KEPT = timedelta(days=6)
"""Bulk jobs and their results are kept for seven days (Bulk API 2.0 guide, "Limits")."""


@dataclass(frozen=True, slots=True)
class Position:
    """What is done of a reading that began at `started` by Salesforce's clock.

    `windows` are still to be read; of the first one, `given` rows with stamps below `edge` are
    done. With a `job` it is read from a bulk job's results: `given` rows of them are done, `skip`
    of them on the page at `locator`.
    """

    started: datetime
    windows: tuple[Window, ...]
    given: int = 0
    edge: datetime | None = None
    job: str = ""
    locator: str = ""
    skip: int = 0

    @property
    def begun(self) -> bool:
        """Whether something of the first window is done."""
        return bool(self.job) or self.edge is not None

    def enter(self, *windows: Window) -> Position:
        """The same reading with these windows to go, nothing of the first one done."""
        return Position(self.started, windows)

    def advance(self, edge: datetime, given: int) -> Position:
        """Rows of the first window with stamps below `edge` are done."""
        return replace(self, edge=edge, given=given, job="", locator="", skip=0)

    def spell(self) -> str:
        """The position as text."""
        return json.dumps(
            {
                "started": self.started.isoformat(),
                "windows": [[_spell(w.begin), _spell(w.end)] for w in self.windows],
                "given": self.given,
                "edge": _spell(self.edge),
                "job": self.job,
                "locator": self.locator,
                "skip": self.skip,
            }
        )


def read_position(text: str | None, now: datetime | None) -> Position | None:
    """The position that a text tells; None for none, a broken or an old one.

    `now` is Salesforce's clock.
    """
    if not text:
        return None
    try:
        told = json.loads(text)
        position = Position(
            started=read_stamp(str(told["started"])),
            windows=tuple(Window(_read(begin), _read(end)) for begin, end in told["windows"]),
            given=int(told["given"]),
            edge=_read(told["edge"]),
            job=str(told["job"]),
            locator=str(told["locator"]),
            skip=int(told["skip"]),
        )
    except (ValueError, KeyError, TypeError, StateError):
        return None
    old = now is not None and now - position.started > KEPT
    return None if old or not position.windows else position


def _spell(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _read(text: str | None) -> datetime | None:
    return None if text is None else read_stamp(text)
