"""A wish that work ends at the next place where nothing is half done."""

from __future__ import annotations

import threading

from connector.errors import StoppedError


class StopSignal:
    """Carried by a run and checked between its calls; whoever wants it to end asks here.

    May be asked from a signal handler and from any thread.
    """

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._late = False

    def ask(self) -> None:
        """The work should end soon."""
        self._asked.set()

    def expire(self) -> None:
        """The work has taken longer than it may."""
        self._late = True
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether the work should end."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait that long, or until somebody asks; whether somebody did."""
        return self._asked.wait(seconds)

    def check(self) -> None:
        """Called where nothing is half done; StoppedError when the work should end here."""
        if not self.asked:
            return
        if self._late:
            raise StoppedError(
                "The job took longer than it may and was ended between two calls.",
                next_step="The next run goes on from there; raise its deadline if this repeats.",
            )
        raise StoppedError(
            "The job was asked to stop and ended between two calls.",
            next_step="The next run goes on from there.",
        )
