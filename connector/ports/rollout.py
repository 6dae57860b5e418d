"""The stage of each connection, as a person set it, and what was true when it was set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from connector.domain.rollout import Stage

BASELINE_SCHEMA = pa.schema(
    [
        ("party_id", pa.string()),
        ("code", pa.string()),
        ("since", pa.date32()),
        ("severity", pa.int64()),
    ]
)
"""Flags that were open when tasks were switched on: they make none, unless they get worse."""


@dataclass(frozen=True, slots=True)
class RolloutStep:
    """A connection was moved to a stage: by whom, when, and why."""

    connection: str
    stage: Stage
    who: str
    why: str
    at: datetime


class RolloutPort(Protocol):
    """Stages in the store. One method, one transaction."""

    def steps(self, connection: str) -> Sequence[RolloutStep]:
        """All steps, latest first; empty for a connection that nobody has moved."""
        ...

    def move(self, step: RolloutStep, baseline: pa.Table | None) -> None:
        """Append a step; `baseline` (BASELINE_SCHEMA) takes the place of the one before, None
        leaves it."""
        ...

    def baseline(self, connection: str) -> pa.Table:
        """BASELINE_SCHEMA."""
        ...
