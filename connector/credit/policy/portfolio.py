"""Concentration: how large one name may be in the book."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from connector.credit.policy.section import Section, Share, among
from connector.domain.portfolio import BASES, DIMENSIONS


class ShareLimitDoc(Section):
    """No member of the dimension may have more than this share of the base."""

    dimension: Annotated[str, among(DIMENSIONS)]
    base: Annotated[str, among(BASES)] = "exposure"
    most: Share


class ConcentrationDoc(Section):
    """Permitted shares. With fewer than `min_names` customers a large share of one is no flag.

    `shown`: so many members of a dimension are listed, the largest first; those beyond their limit
    are listed all.
    """

    limits: Annotated[tuple[ShareLimitDoc, ...], Field(max_length=60)] = ()
    min_names: Annotated[int, Field(ge=1, le=100_000)] = 30
    shown: Annotated[int, Field(ge=1, le=500)] = 20

    def limit_of(self, dimension: str, base: str) -> Share | None:
        """The permitted share; None when there is no limit."""
        found = (x.most for x in self.limits if (x.dimension, x.base) == (dimension, base))
        return next(found, None)


def find_concentration_problems(rule: ConcentrationDoc) -> Iterator[str]:
    """What is well-formed and makes no sense."""
    seen: set[tuple[str, str]] = set()
    for limit in rule.limits:
        key = (limit.dimension, limit.base)
        if key in seen:
            yield (
                f"concentration.limits: {limit.dimension} by {limit.base} stands there twice: keep "
                "one share."
            )
        seen.add(key)
        if limit.most == 0:
            yield f"concentration.limits: nobody may be {limit.dimension}: give a share above 0."
