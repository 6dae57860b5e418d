"""Decide on a Spark cluster: the same expressions over Spark Connect, for books beyond one machine.

Facts are handed over as Parquet in a folder that this machine and the cluster both see; every stage
is written there too, because Spark would otherwise compute a stage again for each use of it. Needs
the extra `spark` (pyspark-client). Any server of the Spark Connect protocol will do.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa

from connector.credit.binding import bind, unbind
from connector.credit.dialects import PREFIX, SPARK
from connector.credit.engine import Decided, check_currency, compile_program, read_out
from connector.credit.facts import Inputs, input_names
from connector.credit.policy.document import PolicyDoc
from connector.credit.program import Statement
from connector.errors import StateError

_PORT = 15002
"""Where Spark Connect listens when an address names no port."""

_PATIENCE = 10.0
"""Seconds in which a server has to take the call."""


def open_session(remote: str) -> Any:
    """A Spark session for an address like sc://host:port.

    StateError when the extra is not installed or nobody answers there.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise StateError(
            "Spark was asked for, and its client is not installed.",
            next_step="Install creditflag[spark], or remove spark from the settings.",
        ) from None
    try:
        _reach(remote)
        session = SparkSession.builder.remote(remote).create()
        session.sql("SELECT 1").collect()
    except Exception as error:  # the client raises what gRPC raises
        raise StateError(
            "No Spark Connect server answers ({kind}).",
            where=remote,
            next_step="Start the server, or correct spark in the settings.",
            kind=type(error).__name__,
        ) from None
    return session


def _reach(remote: str) -> None:
    """OSError when nobody listens there: the client itself would try for minutes."""
    place = urlsplit(remote)
    with socket.create_connection((place.hostname or "", place.port or _PORT), _PATIENCE):
        pass


def decide_on_spark(
    connection: duckdb.DuckDBPyConnection,
    inputs: Inputs,
    policy: PolicyDoc,
    as_of: date,
    run_id: str,
    session: Any,
    folder: Path,
    *,
    programs: Path | None = None,
) -> Decided:
    """As `engine.decide`, computed by Spark.

    `folder` is an empty one that both sides see under the same path; what is written into it stays
    for the caller to delete. Raises PolicyError and StateError as `engine.decide` does.
    """
    check_currency(policy, inputs)
    program = compile_program(policy, programs, SPARK)
    stages = _Stages(session, folder)
    bind(connection, inputs, as_of)
    try:
        for name in input_names():
            stages.hand_over(connection, name)
    finally:
        unbind(connection)
    stages.run((*program.verdict, *program.output, *program.worlds), "facts")
    if stages.fetch("worlds").num_rows:
        for name in input_names():
            stages.read_worlds(name)
        stages.run(program.again, "worlds")
    stages.run(program.remedies, "remedies")
    return read_out(stages.fetch, policy, as_of, run_id)


@dataclass(frozen=True)
class Cluster:
    """Where Spark answers, and a folder that this machine and the cluster both see."""

    remote: str
    folder: Path

    def decide(
        self,
        connection: duckdb.DuckDBPyConnection,
        inputs: Inputs,
        policy: PolicyDoc,
        as_of: date,
        run_id: str,
        *,
        programs: Path | None = None,
    ) -> Decided:
        """As `engine.decide`, computed there; what lies in the folder meanwhile is deleted.

        StateError when nobody answers, or the folder cannot be written to.
        """
        session = open_session(self.remote)
        try:
            with TemporaryDirectory(prefix="creditflag-", dir=self.folder) as made:
                place = Path(made)
                return decide_on_spark(
                    connection, inputs, policy, as_of, run_id, session, place, programs=programs
                )
        except OSError as error:
            raise StateError(
                "The folder shared with Spark cannot be used ({reason}).",
                where=str(self.folder),
                next_step="Correct spark_folder in the settings, or the rights of the folder.",
                reason=error.strerror or type(error).__name__,
            ) from None
        finally:
            session.stop()


class _Stages:
    """The stages of a calculation as Parquet folders and temporary views."""

    def __init__(self, session: Any, folder: Path) -> None:
        self._session = session
        self._folder = folder

    def hand_over(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """An input as Parquet, under the name that the statements read."""
        target = self._folder / "inputs" / name
        target.mkdir(parents=True)
        place = str(target / "part.parquet").replace("'", "''")
        connection.execute(
            f"COPY (SELECT * FROM \"{PREFIX}in_{name}\") TO '{place}' (FORMAT parquet)"  # noqa: S608  # our own names
        )
        self._show(f"in_{name}", self._session.read.parquet(str(target)))

    def run(self, statements: Sequence[Statement], part: str) -> None:
        """Compute stages in order; a later one of the same name takes its place."""
        for statement in statements:
            target = str(self._folder / part / statement.name)
            try:
                self._session.sql(statement.written(SPARK.mark)).write.mode("overwrite").parquet(
                    target
                )
            except Exception as error:  # the client raises what the server says
                raise StateError(
                    "Spark cannot compute {stage}: {reason}.",
                    next_step="Decide without spark in the settings, and tell us of it.",
                    stage=statement.name,
                    reason=str(error).strip().split("\n")[0][:300],
                ) from error
            # An empty result leaves no file to tell the columns from.
            stored = self._session.read.schema(statement.columns).parquet(target)
            self._show(statement.name, stored)

    def read_worlds(self, name: str) -> None:
        """Let the statements read the imagined facts instead of the real ones."""
        self._show(f"in_{name}", self._session.table(f"{PREFIX}alt_{name}"))

    def fetch(self, name: str) -> pa.Table:
        """A stage's rows, in the order of its key columns."""
        table: pa.Table = self._session.table(PREFIX + name).toArrow()
        keys = [key for key in _ORDER if key in table.column_names]
        return table.sort_by([(key, "ascending") for key in keys]) if keys else table

    def _show(self, name: str, frame: Any) -> None:
        frame.createOrReplaceTempView(PREFIX + name)


_ORDER = (
    "party_id", "selling_company", "rank", "dimension", "base", "place", "member", "code",
    "currency", "entity", "record_id",
)  # fmt: skip
"""Spark promises no order of rows; these columns give one."""
