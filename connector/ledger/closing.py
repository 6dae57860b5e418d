"""What leaves: deletions, merges, and the end of a snapshot feed's full list."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from connector.domain.entities import ENTITIES
from connector.ledger.landing import Step, append_history, delete_current, put_versions
from connector.ledger.tables import columns_sql, current_table, hash_sql, quoted, row_columns
from connector.ports.facts import DELETION_SCHEMA

CLEARED_ENTITIES = ("invoice", "credit_note")
"""Documents that a full list of open items stops naming because they were cleared."""


def land_deletions(step: Step) -> int:
    """Move deleted records from current to history; number of records gone or merged."""
    if step.batch.deletions.num_rows == 0:
        return 0
    step.show("landing_deletions", step.batch.deletions, DELETION_SCHEMA)
    step.run(
        "CREATE OR REPLACE TEMP TABLE leaving AS "
        "SELECT id, arg_max(nullif(merged_into, ''), _row) AS merged_into "
        "FROM landing_deletions GROUP BY id"
    )
    step.run(
        "DELETE FROM seen USING leaving WHERE seen.connection = $connection "
        "AND seen.record_id = leaving.id",
        connection=step.batch.connection,
    )
    step.run(
        "UPDATE problem SET resolved_seq = $seq FROM leaving WHERE resolved_seq IS NULL "
        "AND problem.connection = $connection AND problem.entity = $entity "
        "AND problem.record_id = leaving.id",
        connection=step.batch.connection,
        entity=step.entity,
        seq=step.seq,
    )
    return _remove(step)


def close_snapshot(step: Step) -> tuple[int, int]:
    """End a full list: numbers of records deleted and of documents cleared.

    A document that the list no longer names was cleared in between and stays, with nothing open,
    because payment behaviour rests on it; anything else is deleted.
    """
    snapshot = step.batch.snapshot
    if snapshot is None:
        return 0, 0
    present = pa.table({"id": pa.chunked_array([snapshot.present]).cast(pa.string())})
    step.connection.register("landing_present", present)
    clears = step.entity in CLEARED_ENTITIES
    step.run(
        f"CREATE OR REPLACE TEMP TABLE leaving AS SELECT c.id, NULL::VARCHAR AS merged_into "
        f"FROM {current_table(step.entity)} AS c ANTI JOIN landing_present AS p ON c.id = p.id "
        f"WHERE c.connection = $connection AND c.feed = $feed AND {_unfinished(step)}",
        connection=step.batch.connection,
        feed=step.batch.feed,
    )
    if clears:
        return 0, _clear(step, snapshot.listed_on)
    return _remove(step), 0


def _unfinished(step: Step) -> str:
    """Condition that leaves documents alone that are cleared already."""
    if step.entity not in CLEARED_ENTITIES:
        return "true"
    if "cleared_date" in ENTITIES[step.entity].column_names:
        return "(c.open_amount IS DISTINCT FROM 0 OR c.cleared_date IS NULL)"
    return "c.open_amount IS DISTINCT FROM 0"


def _remove(step: Step) -> int:
    """Delete the records of `leaving`, keep who survived them; how many went or were merged."""
    key = {"connection": step.batch.connection, "entity": step.entity}
    own = columns_sql(row_columns(step.entity), "c")
    step.run(
        f"CREATE OR REPLACE TEMP TABLE version AS SELECT c.connection, c.feed, {own}, "
        "c.content_hash, $seq::BIGINT AS seq, $known_at::TIMESTAMP AS known_at, "
        "'observed' AS known_basis, c.derived_clear, 'delete' AS op "
        f"FROM {current_table(step.entity)} AS c JOIN leaving AS n ON c.id = n.id "
        "WHERE c.connection = $connection",
        connection=step.batch.connection,
        seq=step.seq,
        known_at=step.known_at,
    )
    step.run(
        "CREATE OR REPLACE TEMP TABLE departed AS SELECT n.id, "
        "coalesce(n.merged_into, g.merged_into) AS merged_into, "
        "coalesce(v.stamp, g.stamp) AS stamp FROM leaving AS n "
        "LEFT JOIN version AS v ON v.id = n.id LEFT JOIN gone AS g "
        "ON g.connection = $connection AND g.entity = $entity AND g.id = n.id "
        "WHERE v.id IS NOT NULL "
        "OR (n.merged_into IS NOT NULL AND g.merged_into IS DISTINCT FROM n.merged_into)",
        **key,
    )
    step.run(
        "DELETE FROM gone USING departed AS n WHERE gone.connection = $connection "
        "AND gone.entity = $entity AND gone.id = n.id",
        **key,
    )
    append_history(step)
    delete_current(step, "version")
    return step.run(
        "INSERT INTO gone SELECT $connection, $entity, id, merged_into, stamp, $seq::BIGINT "
        "FROM departed",
        seq=step.seq,
        **key,
    )


def _clear(step: Step, listed_on: date) -> int:
    """Give the documents of `leaving` a version with nothing open, cleared on the list's day."""
    entity = ENTITIES[step.entity]
    replaced = {
        "open_amount": "0::DECIMAL(18,4)",
        "cleared_date": f"coalesce(c.cleared_date, DATE '{listed_on.isoformat()}')",
    }
    own = row_columns(step.entity)
    columns = ", ".join(f"{replaced.get(n, f'c.{quoted(n)}')} AS {quoted(n)}" for n in own)
    step.run(
        f"CREATE OR REPLACE TEMP TABLE departed AS SELECT {columns} "
        f"FROM {current_table(step.entity)} AS c JOIN leaving AS n ON c.id = n.id "
        "WHERE c.connection = $connection",
        connection=step.batch.connection,
    )
    cleared = step.run("SELECT count(*) FROM departed")
    if cleared:
        step.run(
            "CREATE OR REPLACE TEMP TABLE version AS SELECT $connection AS connection, "
            f"$feed AS feed, {columns_sql(own)}, {hash_sql(entity)} AS content_hash, "
            "$seq::BIGINT AS seq, $known_at::TIMESTAMP AS known_at, 'observed' AS known_basis, "
            "true AS derived_clear, 'put' AS op FROM departed",
            connection=step.batch.connection,
            feed=step.batch.feed,
            seq=step.seq,
            known_at=step.known_at,
        )
        put_versions(step)
    return cleared
