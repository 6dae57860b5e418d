"""The policy's section `conditions`: warnings that an admin puts together from metrics.

A condition compares metrics with figures and joins comparisons by `all` and `any`, nested to a
bounded depth. There is no expression language: what cannot be said so is a flag of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from connector.credit.policy.section import Amount, Name, Section, Severity

CUSTOM = "custom_"
"""Flag codes of conditions begin so."""

MAX_DEPTH = 4
MAX_COMPARISONS = 20
Operator = Literal["above", "at_least", "below", "at_most", "equals", "is_known", "is_unknown"]
BARE: tuple[Operator, ...] = ("is_known", "is_unknown")
"""Operators that take no value."""

Label = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
"""One line of text, as tasks and lists show it."""


class WhenDoc(Section):
    """One comparison (`metric`, `operator`, `value`), or a group: `all` or `any` of others.

    `value`: a share as a fraction, days, an amount in the policy currency, a number, or a date.
    """

    all: Annotated[tuple[WhenDoc, ...] | None, Field(min_length=1, max_length=20)] = None
    any: Annotated[tuple[WhenDoc, ...] | None, Field(min_length=1, max_length=20)] = None
    metric: str | None = None
    operator: Operator | None = None
    value: Decimal | date | None = None

    @field_validator("value", mode="before")
    @classmethod
    def _figure(cls, value: Any) -> Any:
        """YAML reads yes, no, on and off as truth values, which are no figures."""
        if isinstance(value, bool):
            raise ValueError("yes and no are no figures")
        return value

    @property
    def parts(self) -> tuple[WhenDoc, ...]:
        """The members of a group; none of a comparison."""
        return self.all or self.any or ()

    def comparisons(self) -> Iterator[WhenDoc]:
        """All comparisons in it, from first to last."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.comparisons()


class ConditionDoc(Section):
    """One condition. Its flag is `custom_` and the code, and it has one severity.

    `owner`: whose job it is. `task`: raise a task in the CRM when it comes up, as for a flag.
    `floor`: the customer's net exposure below which it stays quiet, in the policy currency.
    """

    code: Name
    label_en: Label
    label_zh: Label
    severity: Severity
    owner: Literal["sales", "credit", "finance", "management"] = "credit"
    enabled: bool = True
    task: bool = True
    floor: Amount = Decimal(0)
    when: WhenDoc

    @property
    def flag(self) -> str:
        """The code of its flag."""
        return CUSTOM + self.code

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, data: Any) -> Any:
        """Refuse what is nested deeper than people read, before it is taken apart."""
        if isinstance(data, dict) and _depth_beyond(data.get("when"), MAX_DEPTH):
            raise ValueError(f"the condition is nested deeper than {MAX_DEPTH} levels")
        return data


_GROUPS = ("all", "any")


def _depth_beyond(node: object, most: int) -> bool:
    level: list[object] = [node]
    for _ in range(most + 1):
        groups = [item.get(name) for item in level if isinstance(item, dict) for name in _GROUPS]
        level = [part for group in groups if isinstance(group, list) for part in group]
        if not level:
            return False
    return True
