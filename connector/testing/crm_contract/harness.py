"""What an adapter's own tests hand to the contract suite: a CRM, and a hand behind its back.

Values are canonical text by role (see `domain.values`), so that one sentence of the contract reads
the same for every vendor; the harness spells them for its vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from connector.domain.entities import Kind
from connector.ports.crm import CrmPort
from connector.testing.crm_contract.traits import Traits
from connector.testing.faults import Trouble

Values = Mapping[str, str | None]
"""Canonical text by role; None is an empty field."""

CallKind = Literal["read", "write", "read_back"]

ROLES: dict[str, Kind] = {
    "name": Kind.TEXT,  # the required name of a record
    "text": Kind.TEXT,  # a line of text with a length of its own
    "note": Kind.TEXT,  # long text with line breaks
    "amount": Kind.MONEY,  # two decimals, at least twelve digits before the point
    "number": Kind.COUNT,
    "flag": Kind.FLAG,
    "due": Kind.DATE,
    "moment": Kind.TIMESTAMP,
    "grade": Kind.TEXT,  # a list of choices, others refused
    "key": Kind.TEXT,  # a unique external id, or plain text where the vendor has none
    "figure": Kind.MONEY,  # calculated by the CRM, cannot be written
    "hidden": Kind.TEXT,  # there, but not for the integration user
}
"""Roles of the fields that the suite works with, and their kinds."""

WRITABLE = ("name", "text", "note", "amount", "number", "flag", "due", "grade")
READABLE = (*WRITABLE, "moment", "key")


@dataclass(frozen=True, slots=True)
class Layout:
    """The object and the vendor fields by role, and what the vendor's language needs.

    `grades` are the choices of `grade`. `page_size` is how many records one page of a pull holds.
    `large_only` is a filter for records whose `amount` is 1000 or more, `broken_filter` one that
    tries to end early. `other_id` gives another valid spelling of a record id, if there is one.
    `unknown_id` is well formed and belongs to no record.
    """

    object_name: str
    id_field: str
    fields: Mapping[str, str]
    grades: tuple[str, ...]
    page_size: int
    text_length: int
    large_only: str
    broken_filter: str
    unknown_id: str
    other_id: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """One effect that an API call really had on a record."""

    action: Literal["create", "update"]
    record_id: str


class CrmUnderTest(Protocol):
    """An empty CRM whose object stands as `layout` says, and an adapter opened to it.

    `troubles` are those that `inject` can bring about; what is missing is declared in the
    adapter's quality.yaml. `secrets` must never be shown.
    """

    crm: CrmPort
    layout: Layout
    traits: Traits
    troubles: frozenset[Trouble]
    secrets: Sequence[str]

    def seed(self, rows: Sequence[Values]) -> list[str]:
        """Create records as people would, all within one stamp; their ids in order."""
        ...

    def edit(self, record_id: str, values: Values, *, late: bool = False) -> None:
        """Change a record as a person would; `late` is stamped at once and seen after
        `show_late`."""
        ...

    def show_late(self) -> None:
        """Let late changes be seen."""
        ...

    def delete(self, record_id: str) -> None:
        """Delete a record as a person would."""
        ...

    def merge(self, survivor: str, loser: str) -> None:
        """Merge a record into another."""
        ...

    def advance(self, seconds: float) -> None:
        """Move the CRM's clock, and ours with it."""
        ...

    def turn_our_clock(self, seconds: float) -> None:
        """Set the adapter's clock wrong by so much, where it has one of its own."""
        ...

    def inject(self, trouble: Trouble, call: CallKind, *, times: int = 1, skip: int = 0) -> None:
        """Let the next calls of the kind meet a trouble, after `skip` good ones."""
        ...

    def recover(self) -> None:
        """End all troubles: people have put right what was wrong, and time has passed."""
        ...

    def refuse(self, record_id: str, state: Literal["rejected", "retry"]) -> None:
        """Let the CRM refuse the next write to this record, for good or for a passing reason."""
        ...

    def count(self) -> int:
        """How many records there really are."""
        ...

    def state(self, record_id: str) -> Values | None:
        """What the record really holds, by role; None when it is gone."""
        ...

    def applied(self) -> list[Applied]:
        """Effects of API calls since the beginning, oldest first."""
        ...

    def served(self, call: CallKind) -> int:
        """Calls of a kind that the CRM has answered, by its own count."""
        ...
