"""What the suite sees of a CRM: pulls drained and checked, records in canonical text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connector.domain.entities import Kind
from connector.domain.values import canonical
from connector.ports.crm import Deletion, Page, PullRequest, Record, RowOutcome, WriteRow
from connector.testing.crm_contract.harness import READABLE, ROLES, CrmUnderTest, Values

OVERLAP = 600
"""Seconds before the cursor at which the suite lets incremental pulls begin."""

PLAIN: Values = {
    "name": "Acme", "text": "north", "note": "first\nsecond", "amount": "1234.5", "number": "30",
    "flag": "true", "due": "2026-03-31", "grade": "A",
}  # fmt: skip
"""A record with something in every writable field."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """All that one pull gave."""

    pages: Sequence[Page]
    records: Sequence[Record]
    deletions: Sequence[Deletion]
    cursor: str | None
    expected: int | None


def request(under: CrmUnderTest, cursor: str | None = None, **more: object) -> PullRequest:
    """A request for all readable roles of the contract's object."""
    layout = under.layout
    paths = (layout.id_field, *(layout.fields[role] for role in READABLE))
    values: dict[str, object] = {"overlap_seconds": OVERLAP, **more}
    return PullRequest(layout.object_name, paths, cursor=cursor, **values)  # type: ignore[arg-type]  # keywords pass through


def pull(under: CrmUnderTest, cursor: str | None = None, **more: object) -> Pulled:
    """Drain a pull; the last page, and no other, ends it and carries the cursor."""
    pages = list(under.crm.pull(request(under, cursor, **more)))
    assert pages, "a pull gives at least one page"
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert [page.cursor is None for page in pages[:-1]] == [True] * (len(pages) - 1)
    records = [record for page in pages for record in page.records]
    deletions = [deletion for page in pages for deletion in page.deletions]
    return Pulled(pages, records, deletions, pages[-1].cursor, pages[-1].expected)


def check_tie(under: CrmUnderTest, pulled: Pulled) -> None:
    """What arrived is what the CRM counted, where it counts."""
    if under.traits.totals == "exact":
        assert pulled.expected == len(pulled.records) + len(pulled.deletions)
    else:
        assert pulled.expected is None


def ids(under: CrmUnderTest, pulled: Pulled) -> list[str]:
    """Record ids in the order in which they came."""
    return [str(record[under.layout.id_field]) for record in pulled.records]


def show(under: CrmUnderTest, record: Mapping[str, object], *roles: str) -> dict[str, str | None]:
    """A record's values by role, as canonical text."""
    return {
        role: to_text(role, record.get(under.layout.fields[role])) for role in roles or READABLE
    }


def to_text(role: str, value: object) -> str | None:
    """Canonical text of a vendor value; a binary fraction is refused."""
    kind = ROLES[role]
    assert not isinstance(value, float), f"{role} came as a binary fraction"
    if kind is Kind.TIMESTAMP and value is not None:
        moment = datetime.fromisoformat(str(value))
        assert moment.tzinfo is not None, f"{role} came without a time zone"
        return moment.astimezone(UTC).isoformat()
    text = canonical(value, kind)
    return text.replace("\r\n", "\n") if text else text


def write_row(under: CrmUnderTest, values: Values, record_id: str = "", key: str = "") -> WriteRow:
    """A row to write, by role."""
    fields = under.layout.fields
    return WriteRow({fields[r]: text for r, text in values.items()}, record_id=record_id, key=key)


def update(under: CrmUnderTest, *changes: tuple[str, Values]) -> Sequence[RowOutcome]:
    """Update records in one call; there is one outcome a row."""
    rows = [write_row(under, values, record_id) for record_id, values in changes]
    outcomes = under.crm.update(under.layout.object_name, rows)
    assert len(outcomes) == len(rows)
    return outcomes


def held(under: CrmUnderTest, record_id: str, *roles: str) -> dict[str, str | None]:
    """What the record really holds."""
    state = under.state(record_id)
    assert state is not None, "the record is gone"
    return {role: state[role] for role in roles or state}
