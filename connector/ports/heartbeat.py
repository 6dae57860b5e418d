"""What a target may also be able to do: keep the one record that tells how old its fields are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

WRITTEN = "written"
"""What became of a heartbeat that arrived; of another the reason why not is told."""


class HeartbeatPort(Protocol):
    """An optional ability of a target. May raise VendorError, SignInError and BudgetError."""

    def write_heartbeat(self, object_name: str, values: Mapping[str, str | None]) -> None:
        """Set fields of the object's one record for everybody, made when there is none.

        `values` are canonical texts by vendor field name. Calls count as class `heartbeat`.
        """
        ...


def as_heartbeat(target: object) -> HeartbeatPort | None:
    """The target as a keeper of heartbeats, if it can."""
    return cast("HeartbeatPort", target) if hasattr(target, "write_heartbeat") else None
