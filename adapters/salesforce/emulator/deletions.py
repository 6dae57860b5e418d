"""The log of records that are gone for good, which `/deleted` tells of."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class DeletionLog:
    """What is known of records that are gone for good: object, id, deletion stamp.

    `since` is the stamp from which on the log is complete (empty: always).
    """

    graves: list[tuple[str, str, str]] = field(default_factory=list)
    since: str = ""

    def purge(self, before: str) -> int:
        """Forget deletions before a stamp, as the vendor does when its log is too long."""
        kept = [grave for grave in self.graves if grave[2] >= before]
        count = len(self.graves) - len(kept)
        self.graves, self.since = kept, max(self.since, before)
        return count
