"""The pass as a whole: what one connection's trouble leaves to the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from connector.domain.change import Change, Plan
from connector.errors import BudgetError
from connector.sync import run
from connector.sync.approve import Approval
from connector.sync.desk import Connection, Desk
from connector.sync.push import PushReport


def test_a_connection_that_is_short_of_calls_does_not_keep_the_others_from_being_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Goes red when the budget of one connection, which is its own, stops the rest of the run."""
    connections = [Connection(name, adapter=None, documents=None) for name in ("poor", "rich")]  # type: ignore[arg-type]  # neither is used
    change = cast("Change", object())
    written: list[str] = []

    def push(_desk: Desk, connection: Connection, *_rest: object) -> PushReport:
        if connection.name == "poor":
            raise BudgetError("The API calls are nearly used up.")
        written.append(connection.name)
        return PushReport()

    def approve(_plan: Plan, _findings: Sequence[object], _folder: Path) -> Approval:
        return cast("Approval", SimpleNamespace(plan_file=None, changes=(change,)))

    monkeypatch.setattr(run, "push", push)
    monkeypatch.setattr(run, "approve", approve)
    way = cast("run.Way", SimpleNamespace(connections=connections, plans_folder=tmp_path))
    report = run.RunReport("run-1", "2026-03-02")
    report.plans = [cast("Plan", SimpleNamespace(connection=c.name)) for c in connections]
    with pytest.raises(BudgetError, match="nearly used up"):
        run.write_back(cast("Desk", SimpleNamespace()), way, report)
    assert written == ["rich"]
