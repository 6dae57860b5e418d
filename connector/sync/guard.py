"""Guard: plan + history → go, ask or stop, before the first write.

A bureau outage that returns zeros, an export that came out empty and a broken mapping all look
like the same thing: very many accounts get worse at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from connector.domain.change import Plan


class Verdict(StrEnum):
    """What the guard says: write, ask a person first, or refuse."""

    GO = "go"
    ASK = "ask"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class GuardFinding:
    """One thing the guard noticed. `message` is a template, `params` fill it."""

    verdict: Verdict
    message: str
    params: dict[str, object]


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """Shares (0–1) from the policy, and how many parties must be concerned before they count."""

    downgraded_share: Decimal
    new_holds_share: Decimal
    fewer_rows_share: Decimal
    least_parties: int


@dataclass(frozen=True, slots=True)
class Shift:
    """How the decisions moved against the prior ones: parties known before, worse now."""

    known: int = 0
    downgraded: int = 0
    new_holds: int = 0


@dataclass(frozen=True, slots=True)
class FeedSize:
    """A snapshot feed's number of open rows before and after this pull."""

    connection: str
    feed: str
    before: int
    after: int


def judge(
    plans: Sequence[Plan], shift: Shift, feeds: Sequence[FeedSize], limits: GuardLimits
) -> list[GuardFinding]:
    """Everything that speaks against writing these plans without a person (vector GUARD-MASS)."""
    findings = [
        *_mass("{n} of {known} parties would be downgraded ({share}); at most {most} pass alone.",
               shift.downgraded, shift.known, limits.downgraded_share, limits.least_parties),
        *_mass("{n} of {known} parties would get a new hold ({share}); at most {most} pass alone.",
               shift.new_holds, shift.known, limits.new_holds_share, limits.least_parties),
    ]  # fmt: skip
    findings += [f for feed in feeds for f in _shrunk(feed, limits)]
    findings += [
        GuardFinding(
            Verdict.ASK,
            "{connection} has not had a plan applied yet.",
            {"connection": plan.connection},
        )
        for plan in plans
        if plan.first_contact
    ]
    return findings


def verdict(findings: Sequence[GuardFinding]) -> Verdict:
    """The strictest verdict among the findings."""
    if any(f.verdict is Verdict.STOP for f in findings):
        return Verdict.STOP
    return Verdict.ASK if findings else Verdict.GO


def _mass(message: str, n: int, known: int, most: Decimal, least: int) -> list[GuardFinding]:
    if known == 0 or n < least:
        return []
    share = Decimal(n) / Decimal(known)
    if share <= most:
        return []
    params = {"n": n, "known": known, "share": f"{share:.1%}", "most": f"{most:.1%}"}
    return [GuardFinding(Verdict.ASK, message, params)]


def _shrunk(feed: FeedSize, limits: GuardLimits) -> list[GuardFinding]:
    if feed.before < limits.least_parties:
        return []
    lost = Decimal(feed.before - feed.after) / Decimal(feed.before)
    if lost <= limits.fewer_rows_share:
        return []
    return [
        GuardFinding(
            Verdict.ASK,
            "The list of {feed} on {connection} fell from {before} to {after} rows.",
            {
                "feed": feed.feed,
                "connection": feed.connection,
                "before": feed.before,
                "after": feed.after,
            },
        )
    ]
