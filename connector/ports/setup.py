"""What an adapter implements whose vendor can be set up from here: fields, rights, the panel.

Everything is planned before it is done, a plan that was carried out is empty when it is made
again, and nothing is taken away that creditflag did not make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Step(StrEnum):
    """What is to be done about one thing in the CRM."""

    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"
    SAME = "same"  # there as it should be
    KEPT = "kept"  # somebody else's of the same name; used as it is, never touched
    LEFT_OUT = "left out"  # what this CRM cannot take, or was not asked for
    BLOCKED = "blocked"  # differs in a way that only a person may change


PENDING = (Step.CREATE, Step.CHANGE, Step.REMOVE)


@dataclass(frozen=True, slots=True)
class SetupItem:
    """One thing in the CRM: the vendor's word for its kind, its name, and what is to be done.

    `message` and `next_step` are English templates over `params`, empty when there is nothing to
    say. `data` warns that values of records go with it.
    """

    kind: str
    name: str
    step: Step
    message: str = ""
    next_step: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    data: bool = False


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """What would be done, in order; nothing pending means that all is as it should be."""

    items: Sequence[SetupItem]

    @property
    def pending(self) -> tuple[SetupItem, ...]:
        """What is to be created, changed or removed."""
        return tuple(item for item in self.items if item.step in PENDING)

    @property
    def blocked(self) -> tuple[SetupItem, ...]:
        """What needs a person first."""
        return tuple(item for item in self.items if item.step is Step.BLOCKED)


@dataclass(frozen=True, slots=True)
class SetupOutcome:
    """What became of one pending item; `detail` is the vendor's own text when it was refused."""

    item: SetupItem
    done: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FieldsWanted:
    """What a mapping needs in the CRM.

    `credit_fields` are (object, vendor field) by credit field, `task_key` is the (object, field)
    of the tasks' key, `reads` and `writes` are vendor paths by object that are read, and written
    besides.
    """

    credit_fields: Mapping[str, tuple[str, str]]
    task_key: tuple[str, str] | None = None
    reads: Mapping[str, Sequence[str]] = field(default_factory=dict)
    writes: Mapping[str, Sequence[str]] = field(default_factory=dict)


Tell = Callable[[int, int], None]
"""Told how many of how many are done."""


class SetupPort(Protocol):
    """Sets a CRM up. Calls raise SignInError, BudgetError and VendorError; RefusedError names the
    right that the user lacks."""

    @property
    def parts(self) -> Sequence[str]:
        """Names of the parts of the app that are installed only when asked for."""
        ...

    def plan_fields(self, wanted: FieldsWanted) -> SetupPlan:
        """Fields, permission sets, their rights, and their assignment to the daily user."""
        ...

    def apply_fields(self, plan: SetupPlan) -> Sequence[SetupOutcome]:
        """Carry out a plan of `plan_fields`, each item by itself."""
        ...

    def plan_app(self, parts: Sequence[str]) -> SetupPlan:
        """The app with the optional parts asked for, against what the CRM has."""
        ...

    def plan_removal(self, wanted: FieldsWanted) -> SetupPlan:
        """Removal of all that creditflag made by whichever command; `wanted` has the names that
        the mapping gives to fields."""
        ...

    def apply_app(self, plan: SetupPlan, tell: Tell) -> Sequence[SetupOutcome]:
        """Carry out a plan of `plan_app` or `plan_removal`, all or nothing."""
        ...

    def close(self) -> None:
        """Give up the connection."""
        ...
