"""What the calls of one connection cost, and what Salesforce says about its clock and budget."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from adapters.salesforce.errors import BUDGET_PAUSE, Call, CallKind
from adapters.salesforce.options import Options
from connector.errors import BudgetError
from connector.ports.allowance import AllowancePort, Pressure
from connector.ports.clock import ClockPort
from connector.ports.crm import Budget

CALL_KINDS: tuple[CallKind, ...] = (
    "login",
    "describe",
    "limits",
    "read",
    "write",
    "poll",
    "read_back",
    "heartbeat",
)
_USAGE = re.compile(r"(?:^|[;,\s])api-usage=(\d+)/(\d+)")
_MOST_AT_ONCE = 25
_PORTIONS = 20  # calls are taken in twentieths of what is left, so that none hoards the last ones
_PRESSURES = (
    (0.0, Pressure.PAUSE),
    (0.10, Pressure.BLOCKING_FIRST),
    (0.25, Pressure.BULK),
    (0.35, Pressure.SLOW_POLLS),
    (0.50, Pressure.NO_CENSUS),
)
"""Parts of our share below which work is left out, the least first."""


class Meter:
    """Counts calls by class and keeps the last budget and server time; safe to share by threads.

    `share` bounds the calls of the last 24 hours that all our processes send, `reserve` the calls
    of everybody, both as parts of the org's daily allowance. Calls are taken from the shared
    allowance some at a time, before they are sent, so a killed process errs on the safe side.
    """

    def __init__(self, options: Options, clock: ClockPort, allowance: AllowancePort) -> None:
        self._share = options.budget_share
        self._reserve = options.budget_reserve
        self._clock = clock
        self._allowance = allowance
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._held = 0  # calls taken and not sent
        self._taken = 0  # calls that all processes had taken at the last taking
        self._budget = Budget()
        self._server_time: datetime | None = None
        self._skew = 0.0

    def admit(self, call: Call) -> None:
        """Count one call about to be sent; BudgetError when the budget leaves no room for it.

        Signing in costs nothing of the allowance.
        """
        with self._lock:
            if call.kind != "login":
                self._check_reserve(call)
                if not self._held:
                    self._take(call)
                self._held -= 1
            self._counts[call.kind] += 1

    def close(self) -> None:
        """Give back the calls that were taken and not sent."""
        with self._lock:
            held, self._held = self._held, 0
        if held:
            self._allowance.give_back(held, self._clock.now())

    def note(self, headers: Mapping[str, str]) -> None:
        """Take budget and server time from an answer's headers."""
        usage = _USAGE.search(headers.get("Sforce-Limit-Info") or "")
        moment = _read_date(headers.get("Date") or "")
        with self._lock:
            if usage:
                self._budget = Budget(used=int(usage[1]), allowed=int(usage[2]))
            if moment is not None:
                self._server_time = moment
                self._skew = (moment - self._clock.now()).total_seconds()

    def counts(self) -> Mapping[str, int]:
        """Calls sent so far by class; classes without calls are zero."""
        with self._lock:
            return {kind: self._counts[kind] for kind in CALL_KINDS}

    def budget(self) -> Budget:
        """Calls used and allowed, as of the last answer, and what that leaves to us."""
        with self._lock:
            used, ceiling = self._budget.used, self._ceiling()
            if used is None or ceiling is None:
                return self._budget
            left = min(ceiling - self._taken + self._held, self._limit() - used)
            return replace(self._budget, left=max(0, left), pressure=_press(left, ceiling))

    def server_time(self) -> datetime | None:
        """Salesforce's clock (UTC, whole seconds) at its last answer."""
        with self._lock:
            return self._server_time

    def skew(self) -> float:
        """Seconds by which Salesforce's clock was ahead of ours at its last answer."""
        with self._lock:
            return self._skew

    def _ceiling(self) -> int | None:
        """Calls a day that are ours, one at least; None while the org's number is not known."""
        allowed = self._budget.allowed
        return max(1, int(allowed * self._share)) if allowed else None

    def _limit(self) -> int:
        """Calls a day of everybody that end before the reserve."""
        return int((self._budget.allowed or 0) * (1 - self._reserve))

    def _check_reserve(self, call: Call) -> None:
        used, allowed = self._budget.used, self._budget.allowed
        if used is None or not allowed or used < allowed * (1 - self._reserve):
            return
        raise BudgetError(
            "The org has used {used} of its {allowed} API calls of the last 24 hours; "
            "the rest is left to others.",
            resume_after=BUDGET_PAUSE,
            where=call.where,
            next_step="Go on in 15 minutes or later, or lower budget_reserve of the connection.",
            used=used,
            allowed=allowed,
        )

    def _take(self, call: Call) -> None:
        """Take some calls, fewer the fewer are left; BudgetError when there is none."""
        now, ceiling = self._clock.now(), self._ceiling()
        wanted = 1  # until the first answer names the org's allowance
        if ceiling is not None:
            wanted = min(max((ceiling - self._taken) // _PORTIONS, 1), _MOST_AT_ONCE)
        grant = self._allowance.take(wanted, ceiling, now)
        self._taken = grant.taken + grant.granted
        self._held = grant.granted
        if grant.granted:
            return
        resume = grant.frees_at or now + timedelta(seconds=BUDGET_PAUSE)
        raise BudgetError(
            "creditflag has used its share, {ours} of the org's {allowed} API calls of a day.",
            resume_after=(resume - now).total_seconds(),
            where=call.where,
            next_step="Go on at {resume} or later, or raise budget_share of the connection.",
            ours=grant.taken,
            allowed=self._budget.allowed,
            resume=resume.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )


def _press(left: int, ceiling: int) -> Pressure:
    """How short `left` calls of `ceiling` are."""
    share = left / ceiling
    return next((level for least, level in _PRESSURES if share <= least), Pressure.NONE)


def _read_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
