"""Do alerts help: how many were right, how many bad events they came before, and how early.

Alerts and events are counted apart, because several alerts may precede one event. An alert matures
when its horizon has passed; a young one is left out, never called false. Figures are made for each
rule and version of a rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert on an account. `acted`: somebody did something, so it may have saved the account."""

    account: str
    rule: str
    version: str
    raised_on: date
    acted: bool = False


@dataclass(frozen=True, slots=True)
class BadEvent:
    """What alerts should come before: default, insolvency, a material item long overdue."""

    account: str
    happened_on: date


@dataclass(frozen=True, slots=True)
class AlertFigures:
    """Counts over matured alerts; ratios 0–1, None where nothing can be divided.

    `young` alerts are left out. `acted` of the false ones may have saved the account:
    `precision_without_acted` leaves those out, `precision` counts them as false.
    """

    alerts: int
    true_alerts: int
    events: int
    events_alerted: int
    accounts: int
    young: int = 0
    acted: int = 0
    lead_days: tuple[int, ...] = ()

    @property
    def precision(self) -> float | None:
        """True alerts ÷ alerts."""
        return _share(self.true_alerts, self.alerts)

    @property
    def precision_without_acted(self) -> float | None:
        """True alerts ÷ alerts without those false ones on which somebody acted."""
        return _share(self.true_alerts, self.alerts - self.acted)

    @property
    def recall(self) -> float | None:
        """Events with an alert before them ÷ events."""
        return _share(self.events_alerted, self.events)

    @property
    def false_per_100_accounts(self) -> float | None:
        """False alerts for each 100 accounts."""
        return _share(100 * (self.alerts - self.true_alerts), self.accounts)

    @property
    def median_lead_days(self) -> float | None:
        """Median of the days from the first alert before an event to the event."""
        return median(self.lead_days) if self.lead_days else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def f_score(precision: float | None, recall: float | None, beta: float) -> float | None:
    """(1 + β²) P R ÷ (β² P + R); β 2 because a miss costs more (vector ALERT-FB). None unknown."""
    if precision is None or recall is None or precision + recall == 0:
        return None
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def alerts_per_week(alerts: int, owners: int, days: int) -> float | None:
    """Load: alerts for each owner and week; None without owners or days."""
    return _share(7 * alerts, owners * days)


@dataclass(frozen=True, slots=True)
class Watch:
    """What was watched: `accounts`, from the first to the last day of which outcomes are known."""

    accounts: int
    first: date
    last: date
    horizon_days: int


def measure_alerts(
    alerts: Sequence[Alert], events: Sequence[BadEvent], watch: Watch
) -> dict[tuple[str, str], AlertFigures]:
    """Figures of each (rule, version), and of all together under ("", "") (vector ALERT-1).

    An alert is true when an event of its account follows within the horizon, the day of the alert
    not counted. Events before the first or after the last day watched do not count.
    """
    by_rule: dict[tuple[str, str], list[Alert]] = defaultdict(list)
    for alert in alerts:
        by_rule[alert.rule, alert.version].append(alert)
        by_rule["", ""].append(alert)
    known = [e for e in events if watch.first <= e.happened_on <= watch.last]
    return {key: _figures(by_rule[key], known, watch) for key in sorted(by_rule)}


def _figures(alerts: Sequence[Alert], events: Sequence[BadEvent], watch: Watch) -> AlertFigures:
    horizon = timedelta(watch.horizon_days)
    grown = [a for a in alerts if a.raised_on + horizon <= watch.last]
    raised = _days((a.account, a.raised_on) for a in alerts)
    happened = _days((e.account, e.happened_on) for e in events)
    true = [any(_after(day, a.raised_on, horizon) for day in happened[a.account]) for a in grown]
    leads = []
    for event in events:
        days = [d for d in raised[event.account] if _after(event.happened_on, d, horizon)]
        leads += [(event.happened_on - min(days)).days] if days else []
    return AlertFigures(
        alerts=len(grown),
        true_alerts=sum(true),
        events=len(events),
        events_alerted=len(leads),
        accounts=watch.accounts,
        young=len(alerts) - len(grown),
        acted=sum(a.acted and not right for a, right in zip(grown, true, strict=True)),
        lead_days=tuple(sorted(leads)),
    )


def _days(rows: Iterable[tuple[str, date]]) -> dict[str, list[date]]:
    found: dict[str, list[date]] = defaultdict(list)
    for account, day in rows:
        found[account].append(day)
    return found


def _after(event: date, alert: date, horizon: timedelta) -> bool:
    return timedelta(0) < event - alert <= horizon
