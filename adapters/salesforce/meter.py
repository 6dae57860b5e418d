"""What the calls of one connection cost, and what Salesforce says about its clock and budget."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from adapters.salesforce.errors import BUDGET_PAUSE, Call, CallKind
from adapters.salesforce.options import Options
from connector.errors import BudgetError
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
)
_USAGE = re.compile(r"(?:^|[;,\s])api-usage=(\d+)/(\d+)")
_HOUR = 3600.0
_WINDOW_HOURS = 24


class Meter:
    """Counts calls by class and keeps the last budget and server time; safe to share by threads.

    `share` bounds our own calls of the last 24 hours, `reserve` the calls of everybody, both as
    parts of the org's daily allowance.
    """

    def __init__(self, options: Options, clock: ClockPort) -> None:
        self._share = options.budget_share
        self._reserve = options.budget_reserve
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._by_hour: Counter[int] = Counter()
        self._budget = Budget()
        self._server_time: datetime | None = None
        self._skew = 0.0

    def admit(self, call: Call) -> None:
        """Count one call about to be sent; BudgetError when the budget leaves no room for it.

        Signing in costs nothing of the allowance.
        """
        with self._lock:
            if call.kind != "login":
                hour = int(self._clock.monotonic() // _HOUR)
                for old in [h for h in self._by_hour if h <= hour - _WINDOW_HOURS]:
                    del self._by_hour[old]
                self._check_budget(call)
                self._by_hour[hour] += 1
            self._counts[call.kind] += 1

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
        """Calls used and allowed, as of the last answer."""
        with self._lock:
            return self._budget

    def server_time(self) -> datetime | None:
        """Salesforce's clock (UTC, whole seconds) at its last answer."""
        with self._lock:
            return self._server_time

    def skew(self) -> float:
        """Seconds by which Salesforce's clock was ahead of ours at its last answer."""
        with self._lock:
            return self._skew

    def _check_budget(self, call: Call) -> None:
        used, allowed = self._budget.used, self._budget.allowed
        if used is None or not allowed:
            return
        if used >= allowed * (1 - self._reserve):
            raise BudgetError(
                "The org has used {used} of its {allowed} API calls of the last 24 hours; "
                "the rest is left to others.",
                resume_after=BUDGET_PAUSE,
                where=call.where,
                next_step="Go on in 15 minutes or later, or lower budget_reserve of the "
                "connection.",
                used=used,
                allowed=allowed,
            )
        ours = sum(self._by_hour.values())
        if ours >= max(1.0, allowed * self._share):
            raise BudgetError(
                "creditflag has used its share, {ours} of the org's {allowed} API calls of a day.",
                resume_after=BUDGET_PAUSE,
                where=call.where,
                next_step="Go on in 15 minutes or later, or raise budget_share of the connection.",
                ours=ours,
                allowed=allowed,
            )


def _read_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
