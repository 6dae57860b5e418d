"""Guard: plan + history → go, or wait for a person, before the first write.

A bureau outage that returns zeros, an export that came out empty and a broken mapping all look
like the same thing: very many accounts get worse at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connector.domain.change import Plan
from connector.errors import WaitsForPersonError
from connector.mapping.targets import WriteTarget
from connector.mapping.write import read_value


@dataclass(frozen=True, slots=True)
class GuardFinding:
    """One thing the guard noticed. `message` is a template, `params` fill it.

    `connection` is the one whose plan it concerns; empty: every plan of the run.
    """

    message: str
    params: dict[str, object]
    connection: str = ""


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """Shares (0–1) from the policy, and how many parties must be concerned before they count."""

    downgraded_share: Decimal
    new_holds_share: Decimal
    fewer_rows_share: Decimal
    least_parties: int


UNGUARDED = GuardLimits(Decimal(1), Decimal(1), Decimal(1), 0)
"""No share is too large."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How many of the `known` parties would get worse in the CRM than they stand there."""

    known: int = 0
    downgraded: int = 0
    new_holds: int = 0


def measure_shift(plans: Iterable[tuple[Plan, Sequence[WriteTarget]]], known: int) -> Shift:
    """Count the parties that the plans would downgrade or hold, each plan with its write targets.

    Measured against what the CRM holds, not against the last decisions: a mass change that waited
    for a person is as large in the next run, and waits again. Grades sort from best to worst.
    """
    downgraded: set[str] = set()
    held: set[str] = set()
    for plan, targets in plans:
        fields = {(t.object_name, f.field): f for t in targets for f in t.fields.values()}
        for change in plan.to_write:
            for item in change.writes:
                field = fields.get((change.object_name, item.field))
                if field is None:
                    continue
                before, after = read_value(field, item.theirs), read_value(field, item.ours)
                if item.credit_field == "grade" and before and after and before < after:
                    downgraded.add(change.party_id)
                if item.credit_field == "hold" and after == "true":
                    held.add(change.party_id)
    return Shift(known, len(downgraded), len(held))


def judge(plans: Sequence[Plan], shift: Shift, limits: GuardLimits) -> list[GuardFinding]:
    """Everything that speaks against writing these plans without a person (vector GUARD-MASS)."""
    findings = [
        *_mass("{n} of {known} parties would be downgraded ({share}); at most {most} pass alone.",
               shift.downgraded, shift.known, limits.downgraded_share, limits.least_parties),
        *_mass("{n} of {known} parties would get a new hold ({share}); at most {most} pass alone.",
               shift.new_holds, shift.known, limits.new_holds_share, limits.least_parties),
    ]  # fmt: skip
    findings += [
        GuardFinding(
            "{connection} has not had a plan applied yet.",
            {"connection": plan.connection},
            plan.connection,
        )
        for plan in plans
        if plan.first_contact
    ]
    return findings


def _mass(message: str, n: int, known: int, most: Decimal, least: int) -> list[GuardFinding]:
    if known == 0 or n < least:
        return []
    share = Decimal(n) / Decimal(known)
    if share <= most:
        return []
    params = {"n": n, "known": known, "share": f"{share:.1%}", "most": f"{most:.1%}"}
    return [GuardFinding(message, params)]


def refuse_shrunk_list(
    feed: str, connection: str, before: int, after: int, limits: GuardLimits
) -> None:
    """Before a full list lands: a list that lost most of its rows is more likely a broken export.

    Landing it would clear what it no longer names. WaitsForPersonError with the way to accept it.
    """
    if before < max(1, limits.least_parties):
        return
    if Decimal(before - after) / Decimal(before) <= limits.fewer_rows_share:
        return
    raise WaitsForPersonError(
        "The full list of {feed} on {connection} fell from {before} to {after} rows. It has not "
        "been taken in.",
        next_step="Check the export. If it is right: creditflag run --accept-shrunk-lists",
        feed=feed,
        connection=connection,
        before=before,
        after=after,
    )
