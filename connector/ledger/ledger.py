"""The ledger's one writer: landing, cursors, queries, decision history, snapshots for readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa
from filelock import FileLock

from connector.domain.decision import DECISION_TABLES
from connector.domain.entities import ENTITIES
from connector.ledger import database
from connector.ledger.changed import parties_of_changes
from connector.ledger.closing import close_snapshot, land_deletions
from connector.ledger.descriptions import keep_descriptions, read_descriptions
from connector.ledger.documents import link_documents
from connector.ledger.landing import Step, land_rows
from connector.ledger.parties import link_accounts
from connector.ledger.problems import land_problems
from connector.ledger.seen import land_seen
from connector.ledger.snapshot import publish_snapshot, select
from connector.ledger.tables import current_table, history_table, quoted, read_meta
from connector.ports.facts import LandBatch, LandResult, table_schema

_LANDING_TABLES = (
    "incoming",
    "judged",
    "version",
    "leaving",
    "departed",
    "sight",
    "reported",
)
_LANDING_VIEWS = ("rows", "deletions", "present", "seen", "problems")


class Ledger:
    """An open ledger. One process at a time; readers use snapshots."""

    def __init__(self, folder: Path, connection: duckdb.DuckDBPyConnection, lock: FileLock) -> None:
        self._folder = folder
        self._connection = connection
        self._lock = lock
        self.ledger_id = read_meta(connection, "ledger_id") or ""

    @classmethod
    def open(cls, folder: Path) -> Ledger:
        """Open or create the ledger in `folder`, as its one writer.

        BusyError names who holds it; StateError when it is damaged, unusable or newer than us.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise database.unusable(folder, error) from error
        lock = database.take_writer_lock(folder)
        try:
            return cls(folder, database.connect(folder), lock)
        except BaseException:
            database.give_back(folder, lock)
            raise

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection, for the credit engine's table expressions."""
        return self._connection

    @property
    def last_seq(self) -> int:
        """Number of the latest landing; 0 before the first."""
        row = self._connection.execute("SELECT coalesce(max(seq), 0) FROM landing").fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Close the file and end being its writer; twice does no harm."""
        if self._lock.is_locked:
            self._connection.close()
            database.give_back(self._folder, self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def query(
        self,
        sql: str,
        params: Mapping[str, object] | list[object] | None = None,
        tables: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        """Result of one statement; `tables` are visible to it under their names."""
        return select(self._connection, sql, params, tables)

    @contextmanager
    def as_one(self) -> Iterator[None]:
        """A transaction: what is done within it holds together, or after any error not at all."""
        try:
            self._connection.begin()
            yield
            self._connection.commit()
        except BaseException:
            self._roll_back()
            raise

    def land(self, batch: LandBatch) -> LandResult:
        """Take in a batch in one transaction; all of it or, after any error, nothing.

        Safe to repeat: what is known already has no effect and is counted as `re_read` (also a row
        that an older read brings late, all but one of the rows with the same id, and the deletion
        of what is not there).
        """
        connection = self._connection
        try:
            connection.begin()
            result = self._land(Step(connection, batch, self.last_seq + 1))
            connection.commit()
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            self._roll_back()
            raise database.unusable(self._folder, error) from error
        except BaseException:
            self._roll_back()
            raise
        finally:
            for name in _LANDING_VIEWS:
                connection.unregister(f"landing_{name}")
        return result

    def _land(self, step: Step) -> LandResult:
        new, changed = land_rows(step)
        deleted = land_deletions(step)
        known_gone = step.batch.deletions.num_rows - deleted
        dropped, cleared = close_snapshot(step)
        seen_changed = land_seen(step)
        problems = land_problems(step)
        self._move_cursor(step)
        result = LandResult(
            seq=step.seq,
            new=new,
            changed=changed,
            re_read=step.batch.rows.num_rows - new - changed + known_gone,
            deleted=deleted + dropped,
            cleared=cleared,
            problems=problems,
        )
        self._note_landing(step, result, seen_changed)
        for name in _LANDING_TABLES:
            step.run(f"DROP TABLE IF EXISTS temp.{name}")
        return result

    def _move_cursor(self, step: Step) -> None:
        """Store where the next pull continues, if the batch says so."""
        if step.batch.cursor is None:
            return
        key = {"connection": step.batch.connection, "feed": step.batch.feed}
        step.run('DELETE FROM "cursor" WHERE connection = $connection AND feed = $feed', **key)
        step.run(
            'INSERT INTO "cursor" VALUES ($connection, $feed, $value, $seq::BIGINT)',
            value=step.batch.cursor,
            seq=step.seq,
            **key,
        )

    def _note_landing(self, step: Step, result: LandResult, seen_changed: int) -> None:
        batch = step.batch
        values = [result.seq, batch.connection, batch.feed, batch.entity, batch.run_id]
        counts = [result.new, result.changed, result.re_read, result.deleted, result.cleared]
        self._connection.execute(
            "INSERT INTO landing VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [*values, step.known_at, *counts, result.problems, seen_changed],
        )

    def _roll_back(self) -> None:
        try:
            self._connection.rollback()
        except duckdb.Error:
            # The engine gave the transaction up itself; the first error is the one to tell.
            return

    def cursor(self, connection: str, feed: str) -> str | None:
        """Where the next pull of a feed continues; None = from the beginning."""
        row = self._connection.execute(
            'SELECT "value" FROM "cursor" WHERE connection = ? AND feed = ?', [connection, feed]
        ).fetchone()
        return None if row is None else str(row[0])

    def descriptions(self, connection: str) -> dict[str, str]:
        """What was kept of a connection's objects, by object name."""
        return read_descriptions(self._connection, connection)

    def keep_descriptions(
        self,
        connection: str,
        contents: Mapping[str, str],
        changes: Sequence[Mapping[str, str]],
        run_id: str,
        known_at: datetime,
    ) -> None:
        """Keep objects as they are described, and their changes (DRIFT_SCHEMA), as one."""
        moment = known_at.astimezone(UTC).replace(tzinfo=None) if known_at.tzinfo else known_at
        with self.as_one():
            keep_descriptions(self._connection, connection, contents, changes, run_id, moment)

    def problems(self, connection: str | None = None) -> pa.Table:
        """Rows that could not be mapped and have not landed well since: connection, the columns
        of PROBLEM_SCHEMA, run_id and seq."""
        return self.query(
            "SELECT * FROM problem_current WHERE $connection IS NULL OR connection = $connection "
            "ORDER BY connection, feed, where_from, field",
            {"connection": connection},
        )

    def counts(self) -> dict[tuple[str, str], int]:
        """Rows in force by (connection, entity)."""
        parts = " UNION ALL ".join(
            f"SELECT connection, '{name}' AS entity, count(*) AS n FROM {current_table(name)} "
            "GROUP BY connection"
            for name in ENTITIES
        )
        rows = self._connection.execute(f"{parts} ORDER BY 1, 2").fetchall()
        return {(str(connection), str(entity)): int(n) for connection, entity, n in rows}

    def dirty_since(self, seq: int) -> bool:
        """Whether a landing after `seq` had an effect on rows: put, deleted or cleared."""
        return self._landed_since(seq, "new + changed + deleted + cleared > 0")

    def parties_changed_since(self, seq: int) -> pa.Table | None:
        """Parties (party_id) whose documents a landing after `seq` changed; None when something
        landed that cannot be told party by party. See `changed`."""
        return parties_of_changes(self._connection, seq)

    def seen_since(self, seq: int) -> bool:
        """Whether a landing after `seq` found other values in the CRM fields that we write."""
        return self._landed_since(seq, "seen_changed > 0")

    def _landed_since(self, seq: int, condition: str) -> bool:
        row = self._connection.execute(
            f"SELECT count(*) > 0 FROM landing WHERE seq > ? AND {condition}", [seq]
        ).fetchone()
        return bool(row and row[0])

    def keep_decisions(self, run_id: str, tables: Mapping[str, pa.Table]) -> None:
        """Append a run's changed decision rows to `<table>_history`, in one transaction.

        `tables` are named as in DECISION_TABLES. Keeping a run again replaces what it kept.
        """
        connection = self._connection
        with self.as_one():
            for name, table in tables.items():
                entity = DECISION_TABLES[name]
                columns = ", ".join(quoted(column) for column in entity.column_names)
                rows = table.select(list(entity.column_names)).cast(table_schema(entity))
                connection.register("kept_rows", rows)
                connection.execute(f"DELETE FROM {history_table(name)} WHERE run_id = ?", [run_id])
                connection.execute(
                    f"INSERT INTO {history_table(name)} (run_id, {columns}) "
                    f"SELECT ?, {columns} FROM kept_rows",
                    [run_id],
                )
                connection.unregister("kept_rows")

    def relink(
        self, confirmed_links: pa.Table, truth: Mapping[str, Sequence[str]], run_id: str
    ) -> int:
        """Link accounts to parties and documents to their party anew, in one transaction.

        See `parties` and `documents` for what it leaves. Returns the number of identifiers that
        were given but are not fit to link. The book is read with threads for its size from then on.
        """
        connection = self._connection
        with self.as_one():
            unused = link_accounts(connection, confirmed_links, truth.get("account", ()), run_id)
            link_documents(connection, truth)
        database.fit_threads(connection)
        return unused

    def publish(self, folder: Path) -> Path:
        """Put an immutable copy for readers into `folder` and point to it; the copy's path."""
        return publish_snapshot(self._connection, self.ledger_id, self.last_seq, folder)
