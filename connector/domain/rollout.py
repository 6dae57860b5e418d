"""How far a connection is rolled out: each stage writes what the one before does, and more."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """The stages in their order."""

    OBSERVE = "observe"  # plan and report; nothing is written
    SHOW = "show"  # credit fields, the hold field empty; no tasks
    NOTIFY = "notify"  # and alert tasks
    HOLD = "hold"  # and holds

    @property
    def writes(self) -> bool:
        """Whether anything may be written."""
        return self is not Stage.OBSERVE

    @property
    def notifies(self) -> bool:
        """Whether alert tasks are made."""
        return self in (Stage.NOTIFY, Stage.HOLD)

    @property
    def holds(self) -> bool:
        """Whether accounts are put on hold."""
        return self is Stage.HOLD


STAGES = tuple(stage.value for stage in Stage)
