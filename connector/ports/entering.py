"""Facts that people enter by hand: kept in the store as revisions, never changed, never deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

ENTERED_CONNECTION = "entered"
"""Under this name entered facts stand in the ledger, and in `[truth]` of the settings."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person says: the values of one fact in canonical text (see `domain.values`), by
    column, those not given absent. `fact_id` "" enters a fact that was not there; `withdrawn` takes
    the fact back, with the values that it had. `revision` is the one that the person saw last.
    """

    entity: str
    values: Mapping[str, str]
    fact_id: str = ""
    revision: int = 0
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class FactRevision:
    """One revision of one fact: what it says, who said it, when and why. They count from 1."""

    fact_id: str
    revision: int
    entity: str
    values: Mapping[str, str]
    withdrawn: bool
    who: str
    why: str
    at: datetime


class EnteringPort(Protocol):
    """Entered facts in the store. One method, one transaction."""

    def enter(
        self, entries: Sequence[Entry], who: str, why: str, at: datetime
    ) -> Sequence[FactRevision]:
        """Append a revision for each entry, all or none.

        StateError when a fact has another revision than the entry's, or is not there.
        """
        ...

    def in_force(self, entity: str = "") -> Sequence[FactRevision]:
        """The latest revision of every fact that was not withdrawn, of one entity or all, in the
        order in which the facts were entered."""
        ...

    def history(self, fact_id: str) -> Sequence[FactRevision]:
        """All revisions of a fact, the first one first; empty for an unknown fact."""
        ...
