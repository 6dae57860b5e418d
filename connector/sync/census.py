"""Census: every id of the source against the ledger; what is missing lands, what is gone goes.

A pull finds what moved. What it cannot find is a row that was committed later than the overlap
reaches back, a record deleted for good, and one that left the filter. The census reads ids and
stamps alone, which is cheap, and repairs by id. It measures the overlap as well: what is found late
would have been found by no later pull.
"""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from connector.domain.entities import Kind
from connector.errors import BudgetError
from connector.ledger.tables import REFERRING, current_table
from connector.logs import get_logger
from connector.mapping.columns import type_column
from connector.mapping.document import ROW_ID
from connector.mapping.feeds import Feed
from connector.mapping.transforms import ColumnWork
from connector.ports.allowance import Pressure
from connector.ports.crm import Deletion, Page, PullRequest
from connector.sync.desk import Connection, Desk
from connector.sync.guard import refuse_shrunk_list
from connector.sync.land import Landing, keep_census, refuse_miscount
from connector.sync.position import CENSUS_FEED, read_feed_position
from connector.sync.pull import take_pages

_LISTED = pa.schema([("id", pa.string()), ("stamp", pa.timestamp("us"))])


@dataclass(frozen=True, slots=True)
class CensusReport:
    """What the census of one feed found; `skipped` says that the API calls were too short.

    `late_found` records that no later pull would have brought, `ghosts` that were gone at the
    source, and `orphans`: rows that name an account of this connection that is not there.
    """

    connection: str
    feed: str
    listed: int = 0
    late_found: int = 0
    ghosts: int = 0
    orphans: int = 0
    skipped: bool = False


def is_census_due(desk: Desk, connection: Connection) -> bool:
    """Whether the connection's interval has passed since its last census, or none was taken.

    A connection that was never pulled has nothing to compare.
    """
    if not any(_horizon(desk, connection, feed) for feed in connection.mapping.feeds):
        return False
    if desk.census:
        return True
    stored = desk.ledger.cursor(connection.name, CENSUS_FEED)
    last = json.loads(stored)["at"] if stored else ""
    if last is None:
        # A pull found that the source had forgotten deletions.
        return True
    if connection.census_days <= 0:
        return False
    if not last:
        # The first reading of everything was one.
        keep_census(desk, connection.name, desk.clock.now())
        return False
    passed = desk.clock.now() - datetime.fromisoformat(last)
    return passed >= timedelta(days=connection.census_days)


def take_census(
    desk: Desk, connection: Connection, leave_out: Container[str] = ()
) -> list[CensusReport]:
    """Compare and repair every feed of changes; RedRunError when a list does not tie.

    The first thing that is left out when API calls are short: the reports then say `skipped`, and
    it is due again in the next run.
    """
    feeds = [
        feed
        for feed in connection.mapping.feeds
        if feed.name not in leave_out and _horizon(desk, connection, feed)
    ]
    if _is_short(connection):
        return [CensusReport(connection.name, feed.name, skipped=True) for feed in feeds]
    reports: list[CensusReport] = []
    try:
        for feed in feeds:
            desk.stop.check()
            reports.append(_compare(desk, connection, feed))
    except BudgetError:
        done = {report.feed for report in reports}
        rest = [feed.name for feed in feeds if feed.name not in done]
        return reports + [CensusReport(connection.name, name, skipped=True) for name in rest]
    keep_census(desk, connection.name, desk.clock.now())
    return reports


def _compare(desk: Desk, connection: Connection, feed: Feed) -> CensusReport:
    listed = _list_ids(desk, connection, feed)
    horizon = _horizon(desk, connection, feed)
    known = _count_known(desk, connection, feed)
    ghosts = _find(desk, connection, feed, listed, _GHOSTS, [])
    if not desk.accept_shrunk_lists:
        refuse_shrunk_list(feed.name, connection.name, known, known - len(ghosts), desk.guard)
    late = _find(desk, connection, feed, listed, _LATE, [horizon])
    found = _repair(desk, connection, feed, late, ghosts)
    report = CensusReport(
        connection=connection.name,
        feed=feed.name,
        listed=listed.num_rows,
        late_found=found,
        ghosts=len(ghosts),
        orphans=_count_orphans(desk, connection, feed),
    )
    get_logger(run=desk.run_id).info(
        "census",
        connection=connection.name,
        feed=feed.name,
        rows=report.listed,
        outcome=f"late {report.late_found}, ghosts {report.ghosts}, orphans {report.orphans}",
    )
    return report


def _list_ids(desk: Desk, connection: Connection, feed: Feed) -> pa.Table:
    """Id and stamp of every record that the feed's filter lets through."""
    (id_path,) = feed.doc.id
    request = PullRequest(
        feed.object_name,
        (id_path, feed.doc.stamp),
        where=feed.doc.where,
        mode="snapshot",
        stamp_path=feed.doc.stamp,
        options=dict(feed.doc.options),
    )
    ids: list[str] = []
    stamps: list[object] = []
    expected: int | None = None
    for page in connection.adapter.pull(request):
        ids += [str(record[id_path]) for record in page.records]
        stamps += [record.get(feed.doc.stamp) for record in page.records]
        expected = page.expected
        desk.keep_lease()
    refuse_miscount(feed.name, connection.name, len(ids), expected)
    moments = type_column(stamps, Kind.TIMESTAMP, ColumnWork())
    return pa.Table.from_arrays([pa.array(ids, pa.string()), moments], schema=_LISTED)


_LATE = (
    "SELECT l.id FROM listed AS l LEFT JOIN current AS c ON c.id = l.id "
    "LEFT JOIN troubled AS t ON t.id = l.id "
    "WHERE l.stamp < ? AND ((c.id IS NULL AND t.id IS NULL) OR l.stamp > c.stamp) ORDER BY l.id"
)
_GHOSTS = (
    "SELECT k.id FROM (SELECT id FROM current UNION SELECT id FROM troubled) AS k "
    "ANTI JOIN listed AS l ON l.id = k.id ORDER BY k.id"
)


def _find(
    desk: Desk,
    connection: Connection,
    feed: Feed,
    listed: pa.Table,
    query: str,
    values: list[object],
) -> list[str]:
    """Ids by a comparison of `listed` with what the ledger has of the feed, problems included."""
    known = (
        f"WITH current AS (SELECT id, stamp FROM {current_table(feed.entity.name)} "  # noqa: S608 - names of entities
        "WHERE connection = ? AND feed = ?), troubled AS (SELECT DISTINCT record_id AS id "
        "FROM problem_current WHERE connection = ? AND feed = ? AND record_id IS NOT NULL) "
    )
    place: list[object] = [connection.name, feed.name] * 2
    rows = desk.ledger.query(known + query, [*place, *values], {"listed": listed})
    return [str(one) for one in rows["id"].to_pylist()]


def _repair(
    desk: Desk, connection: Connection, feed: Feed, late: list[str], ghosts: list[str]
) -> int:
    """Land by id what is missing and what is gone; how many records were found late.

    Records that the source does not answer for at all were deleted for good, or left the filter.
    """
    if not late and not ghosts:
        return 0
    position = read_feed_position(desk.ledger, connection.name, feed)
    landing = Landing(desk, connection, feed, position, aside=True)
    answered: set[str] = set()
    request = feed.request(None, ids=(*late, *ghosts))
    take_pages(landing, request, seen=answered)
    gone = [Deletion(one) for one in ghosts if one not in answered]
    if gone:
        rest = Landing(desk, connection, feed, position, aside=True)
        rest.take(Page(records=(), deletions=gone, last=True))
    return landing.report.new + landing.report.changed


def _horizon(desk: Desk, connection: Connection, feed: Feed) -> datetime | None:
    """Stamps before it are looked at by no later pull; None for a feed that has no census.

    That needs records with one id and a stamp, and a cursor that is a moment.
    """
    if feed.snapshot or not feed.doc.stamp or len(feed.doc.id) != 1 or ROW_ID in feed.doc.id:
        return None
    position = read_feed_position(desk.ledger, connection.name, feed)
    try:
        moment = datetime.fromisoformat(position.at or "")
    except ValueError:
        return None
    moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return moment - timedelta(seconds=feed.doc.overlap_seconds)


def _is_short(connection: Connection) -> bool:
    target = connection.target
    return target is not None and target.budget().pressure >= Pressure.NO_CENSUS


def _count_known(desk: Desk, connection: Connection, feed: Feed) -> int:
    rows = desk.ledger.query(
        f"SELECT count(*) AS n FROM {current_table(feed.entity.name)} "  # noqa: S608 - name of an entity
        "WHERE connection = ? AND feed = ?",
        [connection.name, feed.name],
    )
    return int(rows["n"][0].as_py())


def _count_orphans(desk: Desk, connection: Connection, feed: Feed) -> int:
    if feed.entity.name not in REFERRING:
        return 0
    rows = desk.ledger.query(
        f"SELECT count(*) AS n FROM {current_table(feed.entity.name)} AS d "  # noqa: S608 - name of an entity
        "ANTI JOIN (SELECT connection, id FROM account_current) AS a "
        "ON a.connection = d.account_connection AND a.id = d.account_key "
        "WHERE d.connection = ? AND d.feed = ? AND d.account_field = 'id' "
        "AND d.account_connection = d.connection",
        [connection.name, feed.name],
    )
    return int(rows["n"][0].as_py())
