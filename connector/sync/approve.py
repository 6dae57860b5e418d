"""Approve: which changes may go by themselves, and which wait for a person.

A connection without an applied plan, and any finding of the guard that concerns it, makes the
whole plan wait as a file; applying that file is the approval, bound to each change by record,
fields, base and target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from connector.domain.change import Change, Plan
from connector.sync.guard import GuardFinding
from connector.sync.plan_file import write_plan


@dataclass(frozen=True, slots=True)
class Approval:
    """Changes that may be sent now, or the file that waits to be applied."""

    changes: tuple[Change, ...] = ()
    plan_file: Path | None = None


def approve(plan: Plan, findings: Sequence[GuardFinding], plans_folder: Path) -> Approval:
    """Let the plan go, or write it as a file for a person."""
    if not plan.to_write:
        return Approval()
    if not any(f.connection in ("", plan.connection) for f in findings):
        return Approval(changes=plan.to_write)
    path = plans_folder / f"{plan.connection}-{plan.id}.plan.json"
    write_plan(plan, path)
    return Approval(plan_file=path)
