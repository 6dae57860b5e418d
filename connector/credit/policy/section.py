"""What every part of the policy document is made of: closed sections and bounded figures."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Share = Annotated[Decimal, Field(ge=0, le=1)]
Amount = Annotated[Decimal, Field(ge=0, lt=10**13)]
Days = Annotated[int, Field(ge=0, le=3660)]
Severity = Annotated[int, Field(ge=1, le=3)]
Points = Annotated[int, Field(ge=-1000, le=1000)]
Factor = Annotated[Decimal, Field(ge=0, le=100)]
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]


def among(known: Sequence[str]) -> AfterValidator:
    """For a text that must be one of `known`, a list that other rooms read too."""

    def check(text: str) -> str:
        if text not in known:
            raise ValueError(f"{text[:40]} is none of {', '.join(known)}")
        return text

    return AfterValidator(check)


class Section(BaseModel):
    """A part of the document: unknown keys are refused, values stay as read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
