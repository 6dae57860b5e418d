"""The rules that a save must keep: validation rules and duplicate rules, ready to run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """A compiled validation rule: `fails(new, old)` says whether a save breaks it."""

    name: str
    fails: Callable[[Row, Row | None], bool]
    message: str
    field_name: str = ""


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """Records whose `fields` are equal, in any case, count as duplicates."""

    name: str
    fields: tuple[str, ...]
    message: str
    allow_save: bool


@dataclass(slots=True)
class RuleBook:
    """The active rules by object."""

    validation: dict[str, list[ValidationRule]] = field(default_factory=dict)
    duplicates: dict[str, list[DuplicateRule]] = field(default_factory=dict)
