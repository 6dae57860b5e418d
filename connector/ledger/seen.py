"""The mirror: what the CRM holds in the fields we write, as last read."""

from __future__ import annotations

from connector.ledger.landing import Step
from connector.ledger.tables import columns_sql
from connector.ports.facts import SEEN_SCHEMA


def land_seen(step: Step) -> int:
    """Replace the mirror of every record named; number of values that are not as they were.

    A page that came late (older stamp than what we know) does not speak for its records.
    """
    if step.batch.seen.num_rows == 0:
        return 0
    step.show("landing_seen", step.batch.seen, SEEN_SCHEMA)
    connection = step.batch.connection
    names = columns_sql(tuple(SEEN_SCHEMA.names))
    step.run(
        f"CREATE OR REPLACE TEMP TABLE sight AS SELECT {names} FROM landing_seen "
        "WHERE record_id NOT IN (SELECT id FROM judged WHERE verdict = 'stale') "
        "QUALIFY row_number() OVER (PARTITION BY object_name, record_id, field "
        "ORDER BY _row DESC) = 1"
    )
    changed = step.run(
        "SELECT count(*) FROM sight AS n LEFT JOIN seen AS s ON s.connection = $connection "
        "AND s.object_name = n.object_name AND s.record_id = n.record_id AND s.field = n.field "
        "WHERE s.field IS NULL OR s.value IS DISTINCT FROM n.value",
        connection=connection,
    )
    step.run(
        "DELETE FROM seen USING (SELECT DISTINCT object_name, record_id FROM sight) AS n "
        "WHERE seen.connection = $connection AND seen.object_name = n.object_name "
        "AND seen.record_id = n.record_id",
        connection=connection,
    )
    step.run(
        f"INSERT INTO seen (connection, {names}) SELECT $connection, {names} FROM sight",
        connection=connection,
    )
    return changed
