"""When a read is tried again: on our own passing errors, as long as told, within a deadline."""

from __future__ import annotations

import tenacity
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from connector.errors import TransientError, UnknownOutcomeError, UnreachableError
from connector.logs import get_logger
from connector.ports.clock import ClockPort

ATTEMPTS = 6
ATTEMPTS_UNREACHABLE = 3  # a wrong host name should be told soon
ATTEMPTS_TOO_SLOW = 2  # each takes two minutes; the reader then asks for less
DEADLINE = 600.0
TOO_SLOW = frozenset({"QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG"})
_RESTARTS = "INVALID_QUERY_LOCATOR"  # the same call cannot succeed; the reader starts over


def retry_reads(clock: ClockPort) -> tenacity.Retrying:
    """Attempts for one read, each repetition logged; the last error is raised as it is."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_worth_repeating),
        wait=_WaitAsTold(),
        stop=_StopInTime(clock),
        sleep=clock.sleep,
        before_sleep=_log_repetition,
        reraise=True,
    )


def is_worth_repeating(error: BaseException) -> bool:
    """Whether the same read may succeed when it is sent again."""
    return (
        isinstance(error, TransientError)
        and not isinstance(error, UnknownOutcomeError)
        and error.code != _RESTARTS
    )


def _log_repetition(retry_state: tenacity.RetryCallState) -> None:
    error = retry_state.outcome.exception() if retry_state.outcome else None
    if isinstance(error, TransientError):
        get_logger().warning(
            "call repeated",
            code=error.code or type(error).__name__,
            where=error.where,
            attempt=retry_state.attempt_number,
            wait=round(retry_state.upcoming_sleep, 1),
        )


class _WaitAsTold(wait_base):
    """The greater of the server's wish and a growing random pause."""

    def __init__(self) -> None:
        self._pause = tenacity.wait_random_exponential(multiplier=1, max=60)

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        told = error.retry_after if isinstance(error, TransientError) else None
        return max(told or 0.0, self._pause(retry_state))


class _StopInTime(stop_base):
    """Ends at the last attempt, or when the next pause would pass the deadline."""

    def __init__(self, clock: ClockPort) -> None:
        self._clock = clock
        self._ends = clock.monotonic() + DEADLINE

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        attempts = ATTEMPTS_UNREACHABLE if isinstance(error, UnreachableError) else ATTEMPTS
        if isinstance(error, TransientError) and error.code in TOO_SLOW:
            attempts = ATTEMPTS_TOO_SLOW
        if retry_state.attempt_number >= attempts:
            return True
        return self._clock.monotonic() + retry_state.upcoming_sleep > self._ends
