"""How the book is spread: key figures and the largest names, from the published ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from connector.errors import InputError, StateError
from connector.ledger import LedgerSnapshot, open_snapshot
from connector.service.office import Office

_THERE = "SELECT 1 FROM information_schema.tables WHERE table_name = 'portfolio_kept'"
_DAYS = """
SELECT DISTINCT as_of FROM portfolio_kept WHERE $before IS NULL OR as_of <= $before
ORDER BY as_of DESC LIMIT 1
"""
_FIGURES = "SELECT * FROM portfolio_kept WHERE as_of = ? ORDER BY ALL"
_MEMBERS = """
SELECT c.*, CASE WHEN c.dimension IN ('party', 'group') THEN p.name END AS name
FROM concentration_kept AS c LEFT JOIN party AS p ON p.party_id = c.member
WHERE c.as_of = ? ORDER BY c.dimension, c.base, c.place
"""


@dataclass(frozen=True, slots=True)
class BookSpread:
    """The book on a day, rows as in `domain.portfolio`; parties and groups have a `name`."""

    as_of: date
    currency: str
    figures: Sequence[Mapping[str, Any]]
    members: Sequence[Mapping[str, Any]]

    @property
    def breaches(self) -> list[Mapping[str, Any]]:
        """Members beyond what the policy permits, the farthest first."""
        found = [row for row in self.members if row["breach"]]
        return sorted(found, key=lambda row: row["limit_share"] / row["share"])

    def of(self, dimension: str, base: str) -> list[Mapping[str, Any]]:
        """The largest members of a dimension by a base, the largest first."""
        return [r for r in self.members if (r["dimension"], r["base"]) == (dimension, base)]


def read_spread(office: Office, on: date | None = None) -> BookSpread:
    """The book as last decided, or as it stood on the last day decided up to `on`.

    StateError before the first decision, InputError when none is as old as `on`.
    """
    with open_snapshot(office.snapshots) as snapshot:
        if snapshot.query(_THERE).num_rows == 0:
            raise StateError(
                "The spread of the book is not known yet.",
                where=str(office.folder),
                next_step="Run `creditflag run` first.",
            )
        day = _day(snapshot, on)
        figures = snapshot.query(_FIGURES, [day]).to_pylist()
        members = snapshot.query(_MEMBERS, [day]).to_pylist()
    return BookSpread(day, figures[0]["currency"], figures, members)


def _day(snapshot: LedgerSnapshot, on: date | None) -> date:
    found = snapshot.query(_DAYS, {"before": on}).to_pylist()
    if found:
        day: date = found[0]["as_of"]
        return day
    if on is None:
        raise StateError(
            "Nothing is owed by anybody in scope, so there is no spread.",
            next_step="Look at `creditflag status`: which feeds have brought documents?",
        )
    raise InputError(
        "Nothing was decided up to {day}.",
        next_step="Give a later day, or none for the latest.",
        day=on.isoformat(),
    )
