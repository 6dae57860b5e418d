"""Take in one connection: its schema, what moved, what must be read again, and now and then all."""

from __future__ import annotations

from dataclasses import dataclass, field

from connector.sync.census import CensusReport, is_census_due, take_census
from connector.sync.desk import Connection, Desk
from connector.sync.drift import DriftChange, list_blocked, watch_drift
from connector.sync.land import FeedReport
from connector.sync.pull import Progress, pull_connection


@dataclass
class Intake:
    """What was taken in: the feeds, the census where one was due, and changes of the schema."""

    feeds: list[FeedReport] = field(default_factory=list)
    census: list[CensusReport] = field(default_factory=list)
    drift: list[DriftChange] = field(default_factory=list)

    def add(self, other: Intake) -> None:
        """Take in another connection's."""
        self.feeds += other.feeds
        self.census += other.census
        self.drift += other.drift

    @property
    def problems(self) -> int:
        """Rows quarantined, and feeds that could not be read."""
        return sum(f.problems for f in self.feeds) + len(list_blocked(self.drift))


def take_in_connection(
    desk: Desk, connection: Connection, progress: Progress | None = None
) -> Intake:
    """Everything of one connection under a fresh lease; notes that it was read when all of it was.

    RedRunError when a feed does not tie. A feed that drift blocks is left out, the others go on.
    """
    desk.renew_lease()
    drift = watch_drift(desk, connection)
    blocked = list_blocked(drift)
    intake = Intake(drift=drift)
    intake.feeds = pull_connection(desk, connection, progress, leave_out=blocked)
    if is_census_due(desk, connection):
        intake.census = take_census(desk, connection, leave_out=blocked)
    if not blocked:
        desk.store.note_pulled(connection.name, desk.clock.now(), desk.fence)
    return intake
