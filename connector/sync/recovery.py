"""Recovery: what an earlier run sent and did not settle, before anything is sent anew."""

from __future__ import annotations

from connector.sync.bulk_jobs import settle_jobs
from connector.sync.desk import Connection, Desk
from connector.sync.pace import Pace
from connector.sync.push_report import PushReport
from connector.sync.sending import Sending
from connector.sync.verify import settle_unfinished


def recover(desk: Desk, connection: Connection, report: PushReport) -> None:
    """Settle bulk jobs first, because a live one may still write; then read back the rest.

    What turns out not to be applied goes back to planned; the plan of this run takes its place.
    """
    pace = Pace(connection.writer.batch_size, {})
    settle_jobs(Sending(desk, connection, report, pace))
    settle_unfinished(desk, connection, report)
