"""What a push has to say: how many changes ended where, and the words behind refusals."""

from __future__ import annotations

from dataclasses import dataclass, field

from connector.domain.change import Change, ChangeState
from connector.ports.crm import RowOutcome

MOST_REFUSALS = 200
"""Refusals kept in words; the journal has all of them."""


@dataclass
class PushReport:
    """How many changes ended where, and the sentences behind refusals (bounded).

    `calls` are write calls; `extra_calls` those of them that went into finding the bad rows of
    refused batches; `jobs` the bulk jobs among the ways.
    """

    ended: dict[ChangeState, int] = field(default_factory=dict)
    refusals: list[tuple[Change, RowOutcome]] = field(default_factory=list)
    calls: int = 0
    extra_calls: int = 0
    jobs: int = 0

    def count(self, state: ChangeState, n: int = 1) -> None:
        """Add to a state's number."""
        if n:
            self.ended[state] = self.ended.get(state, 0) + n

    def note_refusal(self, change: Change, outcome: RowOutcome) -> None:
        """Keep the first refusals in the vendor's words."""
        if len(self.refusals) < MOST_REFUSALS:
            self.refusals.append((change, outcome))

    def __getitem__(self, state: ChangeState) -> int:
        return self.ended.get(state, 0)
