"""Landing rows: what a batch does to the tables, inside the transaction `Ledger.land` opened.

Each step is a few set-based statements over temporary tables; `closing`, `seen` and `problems`
hold the steps that follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from connector.domain.entities import ENTITIES
from connector.ledger.tables import (
    REFERRING,
    columns_sql,
    current_columns,
    current_table,
    hash_sql,
    history_table,
    quoted,
    row_columns,
)
from connector.ports.facts import LandBatch, row_schema

ASSUMED_DATES: dict[str, tuple[str, int]] = {
    "order": ("order_date", 0),
    "delivery": ("delivery_date", 0),
    "invoice": ("invoice_date", 0),
    "credit_note": ("issue_date", 0),
    "payment": ("value_date", 1),
    "allocation": ("allocated_on", 1),
    "fx_rate": ("rate_date", 0),
}
"""When back-filled rows are assumed to have been known: a date column and days after it.

A receipt is known from the bank statement of the next day. Other entities carry no such date and
are known from the landing on.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One landing under way: where it writes, what, and under which number."""

    connection: duckdb.DuckDBPyConnection
    batch: LandBatch
    seq: int

    @property
    def entity(self) -> str:
        """Name of the batch's entity."""
        return self.batch.entity

    @property
    def known_at(self) -> datetime:
        """When we knew it, UTC without zone, as DuckDB's TIMESTAMP keeps it."""
        moment = self.batch.known_at
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment

    def run(self, sql: str, **values: object) -> int:
        """Execute with named values; the count it returns: rows touched, or a count asked for."""
        row = self.connection.execute(sql, values or None).fetchone()
        return int(row[0]) if row and isinstance(row[0], int) else 0

    def show(self, name: str, table: pa.Table, schema: pa.Schema) -> None:
        """Register an Arrow table for SQL: the schema's columns and types, rows numbered."""
        rows = table.select(schema.names).cast(schema)
        numbers = pa.array(range(rows.num_rows), pa.int64())
        self.connection.register(name, rows.append_column("_row", numbers))


def land_rows(step: Step) -> tuple[int, int]:
    """Take in the rows; numbers of new and of changed records.

    Of several rows with one id the latest stamp wins, then the last. A row equal to the version in
    force makes no version; a row with an older stamp than what we know never replaces it.
    """
    _stage(step)
    _judge(step)
    new = step.run("SELECT count(*) FROM judged WHERE verdict = 'new'")
    changed = step.run("SELECT count(*) FROM judged WHERE verdict = 'changed'")
    if new or changed:
        _number_references(step)
        own = columns_sql(row_columns(step.entity))
        step.run(
            f"CREATE OR REPLACE TEMP TABLE version AS SELECT $connection AS connection, "
            f"$feed AS feed, {own}, content_hash, $seq::BIGINT AS seq, "
            f"{_known_at_sql(step)} AS known_at, $basis AS known_basis, false AS derived_clear, "
            f"'put' AS op FROM {_with_ref(step)} WHERE verdict IN ('new', 'changed')",
            connection=step.batch.connection,
            feed=step.batch.feed,
            seq=step.seq,
            known_at=step.known_at,
            basis=step.batch.known_basis,
        )
        put_versions(step)
    if new:
        step.run(
            "DELETE FROM gone USING judged WHERE gone.connection = $connection "
            "AND gone.entity = $entity AND gone.id = judged.id AND judged.verdict = 'new'",
            connection=step.batch.connection,
            entity=step.entity,
        )
    _touch_same(step)
    return new, changed


def put_versions(step: Step) -> None:
    """Bring the rows of `version` into force and append them to history."""
    delete_current(step, "version")
    columns = columns_sql(current_columns(step.entity))
    step.run(f"INSERT INTO {current_table(step.entity)} SELECT {columns} FROM version")
    append_history(step)


def append_history(step: Step) -> int:
    """Append the rows of `version` to history; how many there were."""
    columns = columns_sql((*current_columns(step.entity), "op"))
    return step.run(f"INSERT INTO {history_table(step.entity)} SELECT {columns} FROM version")


def delete_current(step: Step, ids_table: str) -> None:
    """Take the records named by a temporary table's `id` out of force."""
    step.run(
        f"DELETE FROM {current_table(step.entity)} AS c USING {ids_table} AS n "
        "WHERE c.connection = $connection AND c.id = n.id",
        connection=step.batch.connection,
    )


def _stage(step: Step) -> None:
    if step.batch.rows["id"].null_count:
        raise ValueError(f"{step.entity} rows without an id reached the ledger")
    step.show("landing_rows", step.batch.rows, row_schema(step.entity))
    step.run(
        f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT * EXCLUDE (_row), "
        f"{hash_sql(ENTITIES[step.entity])} AS content_hash FROM landing_rows "
        "QUALIFY row_number() OVER (PARTITION BY id ORDER BY stamp DESC NULLS LAST, _row DESC) = 1"
    )


def _judge(step: Step) -> None:
    step.run(
        "CREATE OR REPLACE TEMP TABLE judged AS SELECT n.*, c.feed AS old_feed, "
        "c.stamp AS old_stamp, CASE "
        "WHEN n.stamp < coalesce(c.stamp, g.stamp) THEN 'stale' "
        "WHEN c.id IS NULL THEN 'new' "
        "WHEN n.content_hash = c.content_hash THEN 'same' "
        "ELSE 'changed' END AS verdict FROM incoming AS n "
        "LEFT JOIN (SELECT id, stamp, content_hash, feed "
        f"FROM {current_table(step.entity)} WHERE connection = $connection) AS c ON c.id = n.id "
        "LEFT JOIN (SELECT id, stamp FROM gone WHERE connection = $connection "
        "AND entity = $entity) AS g ON g.id = n.id",
        connection=step.batch.connection,
        entity=step.entity,
    )


_SAME_ACCOUNT = " AND ".join(
    f"r.account_{part} IS NOT DISTINCT FROM n.account_{part}"
    for part in ("connection", "field", "key")
)


def _number_references(step: Step) -> None:
    """Give every account name that was not seen before its number."""
    if step.entity not in REFERRING:
        return
    step.run(
        "INSERT INTO reference SELECT (SELECT coalesce(max(ref), 0) FROM reference) "
        "+ row_number() OVER (), * FROM (SELECT DISTINCT n.account_connection, n.account_field, "
        f"n.account_key FROM judged AS n ANTI JOIN reference AS r ON {_SAME_ACCOUNT} "
        "WHERE n.verdict IN ('new', 'changed'))"
    )


def _with_ref(step: Step) -> str:
    if step.entity not in REFERRING:
        return "judged"
    return f"(SELECT n.*, r.ref FROM judged AS n LEFT JOIN reference AS r ON {_SAME_ACCOUNT})"


def _known_at_sql(step: Step) -> str:
    dated = ASSUMED_DATES.get(step.entity)
    if step.batch.known_basis != "assumed" or dated is None:
        return "$known_at::TIMESTAMP"
    column, days = dated
    assumed = f"{quoted(column)}::TIMESTAMP + INTERVAL {days} DAY"
    return f"least($known_at::TIMESTAMP, coalesce({assumed}, $known_at::TIMESTAMP))"


def _touch_same(step: Step) -> None:
    """Note a later stamp, and the feed that listed the row last, without making a version.

    Without the stamp a late, older page could overwrite what a newer one had confirmed; without
    the feed the end of that feed's full list would not concern the row.
    """
    moved = (
        "n.verdict = 'same' AND (n.old_feed IS DISTINCT FROM $feed OR n.stamp > n.old_stamp "
        "OR (n.stamp IS NOT NULL AND n.old_stamp IS NULL))"
    )
    if step.run(f"SELECT count(*) FROM judged AS n WHERE {moved}", feed=step.batch.feed):
        step.run(
            f"UPDATE {current_table(step.entity)} AS c "
            "SET feed = $feed, stamp = coalesce(greatest(n.stamp, c.stamp), n.stamp, c.stamp) "
            f"FROM judged AS n WHERE c.connection = $connection AND c.id = n.id AND {moved}",
            connection=step.batch.connection,
            feed=step.batch.feed,
        )
