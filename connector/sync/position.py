"""Where the reading of a feed stands, as the ledger keeps it: its cursor, and a broken reading.

It lands in the transaction of the rows it speaks of.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connector.domain.change import digest
from connector.ledger import Ledger
from connector.mapping.feeds import Feed

CENSUS_FEED = "@census"
"""The name under which the ledger keeps when a connection's last census was."""


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """The mapping it was read with, the adapter's cursor, and where a reading that broke off goes
    on. `whole_at` is when everything was read last (UTC)."""

    mapping: str
    at: str | None = None
    resume: str | None = None
    whole_at: datetime | None = None

    def spell(self) -> str:
        """The position as the ledger's text; what is not set is left out."""
        told: dict[str, str | None] = {"mapping": self.mapping, "at": self.at}
        if self.resume:
            told["resume"] = self.resume
        if self.whole_at is not None:
            told["whole_at"] = self.whole_at.astimezone(UTC).isoformat()
        return json.dumps(told)

    def end(self, cursor: str | None, now: datetime) -> FeedPosition:
        """A reading ended here; one without a cursor before it was of everything."""
        whole_at = now if self.at is None else self.whole_at
        return replace(self, at=cursor, resume=None, whole_at=whole_at)


def mark_mapping(feed: Feed) -> str:
    """Digest of all that decides what is asked for; how often it is read again is not part."""
    doc = feed.doc.model_dump(mode="json", exclude={"reread"})
    return digest([feed.object_name, sorted(feed.paths), doc])[:16]


def read_feed_position(ledger: Ledger, connection: str, feed: Feed) -> FeedPosition:
    """The stored position; the beginning when there is none, or when the mapping was another.

    A changed mapping reads everything again: what was not asked for before has never been seen.
    """
    mark = mark_mapping(feed)
    stored = ledger.cursor(connection, feed.name)
    told = json.loads(stored) if stored else {}
    if told.get("mapping") != mark:
        return FeedPosition(mark)
    whole_at = told.get("whole_at")
    return FeedPosition(
        mapping=mark,
        at=told.get("at"),
        resume=told.get("resume"),
        whole_at=datetime.fromisoformat(whole_at) if whole_at else None,
    )
