"""A calculation compiled once: SQL statements for each stage, run as often as wanted.

Building and compiling the expressions takes longer than a small company's calculation itself, and
it depends on the policy alone. So nothing of a run is in the program: the valuation date, the
currency and all facts are tables it reads. Programs are kept in the process and, in a folder that
only we can write to, between processes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import duckdb
import ibis
import ibis.expr.types as ir

from connector.credit.absence import Ways, is_nothing, ways_to_nothing
from connector.credit.dialects import DUCKDB, PREFIX, Dialect

_NAMED = re.compile(rf'["`]{PREFIX}([a-z0-9_]+)["`]')


@dataclass(frozen=True)
class Piece:
    """A stage that holds some columns of a sheet: (name, type, whether 0 where it has no row).

    It is joined over `on`; `whole`: it has a row for each of the sheet's.
    """

    stage: str
    on: tuple[str, ...]
    whole: bool
    columns: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class Reading:
    """What a query reads of a sheet: columns of its spine, and pieces beside it."""

    sheet: str
    spine: str
    columns: tuple[str, ...]
    pieces: tuple[Piece, ...]

    def written(self, mark: str, empty: Collection[str]) -> str:
        """The sheet as a named subquery, without the pieces that are empty."""
        joined = [piece for piece in self.pieces if piece.stage not in empty]
        cells = [f"s.{mark}{name}{mark}" for name in self.columns]
        for number, piece in enumerate(joined):
            cells += [_cell(f"p{number}", *column, mark=mark) for column in piece.columns]
        for piece in self.pieces:
            if piece.stage in empty:
                cells += [_blank(*column, mark=mark) for column in piece.columns]
        joins = "".join(_join(f"p{n}", piece, mark) for n, piece in enumerate(joined))
        spine = f"{mark}{PREFIX}{self.spine}{mark} AS s{joins}"
        return f"{mark}{PREFIX}{self.sheet}{mark} AS (SELECT {', '.join(cells)} FROM {spine})"  # noqa: S608  # our own names


def _cell(table: str, name: str, kind: str, counted: bool, *, mark: str) -> str:
    named = f"{mark}{name}{mark}"
    plain = f"{table}.{named}"
    return f"COALESCE({plain}, CAST(0 AS {kind})) AS {named}" if counted else plain


def _blank(name: str, kind: str, counted: bool, *, mark: str) -> str:
    return f"CAST({0 if counted else 'NULL'} AS {kind}) AS {mark}{name}{mark}"


def _join(table: str, piece: Piece, mark: str) -> str:
    same = " AND ".join(f"{table}.{mark}{n}{mark} = s.{mark}{n}{mark}" for n in piece.on)
    kind = "JOIN" if piece.whole else "LEFT JOIN"
    return f" {kind} {mark}{PREFIX}{piece.stage}{mark} AS {table} ON {same}"


@dataclass(frozen=True)
class Statement:
    """One stage: the table it fills, its columns with types, and the query that fills it.

    `nothing`: it has no rows where all tables of one of these sets have none. `reading`: what it
    reads of a sheet.
    """

    name: str
    columns: str
    query: str
    nothing: Ways = ()
    reading: Reading | None = None

    @property
    def reads(self) -> set[str]:
        """Names of the stages and inputs it reads."""
        found = set(_NAMED.findall(self.query))
        if self.reading is None:
            return found
        return (found - {self.reading.sheet}) | {
            self.reading.spine,
            *(piece.stage for piece in self.reading.pieces),
        }

    def written(self, mark: str, empty: Collection[str] = ()) -> str:
        """The query as it is run; `mark` stands around names, `empty` are tables without rows."""
        if self.reading is None:
            return self.query
        first = self.reading.written(mark, empty)
        if self.query.startswith("WITH "):
            return f"WITH {first}, {self.query.removeprefix('WITH ')}"
        return f"WITH {first} {self.query}"

    @staticmethod
    def of_json(told: Mapping[str, Any]) -> Statement:
        """From what was kept as JSON."""
        reading = told["reading"]
        if reading is not None:
            pieces = tuple(
                Piece(p["stage"], tuple(p["on"]), p["whole"], tuple(map(tuple, p["columns"])))
                for p in reading["pieces"]
            )
            columns = tuple(reading["columns"])
            reading = Reading(reading["sheet"], reading["spine"], columns, pieces)
        nothing = tuple(tuple(names) for names in told["nothing"])
        return Statement(told["name"], told["columns"], told["query"], nothing, reading)


@dataclass(frozen=True)
class Program:
    """The compiled calculation of one policy, in the order in which it runs.

    `verdict` decides; `output` makes the tables put out and `worlds` the facts in which the
    remedies have happened; `again`, a part of `verdict`, then runs on those, and `remedies` adds
    what came of it to the reasons.
    """

    verdict: tuple[Statement, ...]
    output: tuple[Statement, ...]
    worlds: tuple[Statement, ...]
    remedies: tuple[Statement, ...]

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All of them, each once."""
        return (*self.verdict, *self.output, *self.worlds, *self.remedies)

    @property
    def again(self) -> tuple[Statement, ...]:
        """What of `verdict` is computed on the worlds: that on which `remedies` rests."""
        asked = {name for statement in self.remedies for name in statement.reads}
        return needed_for(self.verdict, asked)

    def to_json(self) -> str:
        """As text, for the folder of programs."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Program:
        """From text; ValueError, KeyError or TypeError when it is none of ours."""
        parts = json.loads(text)
        return Program(**{k: tuple(map(Statement.of_json, part)) for k, part in parts.items()})


class Wide(Protocol):
    """A table that is no stage itself but kept in several (`sheet`)."""

    @property
    def spine(self) -> ir.Table:
        """The stage that has its rows."""

    def reading(self, query: str, columns: Sequence[str]) -> Reading:
        """What a query with these result columns reads of it."""


class Builder:
    """Collects stages; each is an expression over inputs and earlier stages.

    `sheets`: wide tables by name; a statement reads one of them at most.
    """

    def __init__(self, dialect: Dialect = DUCKDB) -> None:
        self.dialect = dialect
        self.statements: list[Statement] = []
        self.kept: dict[str, ir.Table] = {}
        self.sheets: dict[str, Wide] = {}

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """Add a stage and return the table it will be; ValueError for a name in use."""
        if name in self.kept:
            raise ValueError(f"the stage {name} stands there twice")
        columns, query, nothing = _written(self.dialect, expression)
        reading = None
        for wide, sheet in self.sheets.items():
            if self.dialect.quoted(PREFIX + wide) in query:
                reading = sheet.reading(query, expression.columns)
                spine = sheet.spine.get_name().removeprefix(PREFIX)
                nothing = tuple(tuple(spine if n == wide else n for n in s) for s in nothing)
        self.statements.append(Statement(name, columns, query, nothing, reading))
        self.kept[name] = ibis.table(expression.schema(), name=PREFIX + name)
        return self.kept[name]

    def once(self, name: str, make: Callable[[], ir.Table]) -> ir.Table:
        """The stage of that name; made and kept when it is asked for the first time."""
        return self.kept[name] if name in self.kept else self.keep(name, make())


_MOST_WRITTEN = 6000
_texts: dict[tuple[str, Any], tuple[str, str, Ways]] = {}


def _written(dialect: Dialect, expression: ir.Table) -> tuple[str, str, Ways]:
    """Columns, query and ways to nothing; policies share the texts of what they have in common."""
    key = (dialect.name, expression.op())
    if key not in _texts:
        if len(_texts) >= _MOST_WRITTEN:
            _texts.clear()
        _texts[key] = (*dialect.write(expression), ways_to_nothing(expression))
    return _texts[key]


def needed_for(statements: Sequence[Statement], names: Iterable[str]) -> tuple[Statement, ...]:
    """The statements among these on which stages of these names rest, in their order."""
    wanted, found = set(names), []
    for statement in reversed(statements):
        if statement.name in wanted:
            found.append(statement)
            wanted |= statement.reads
    return tuple(reversed(found))


def run_statements(
    connection: duckdb.DuckDBPyConnection,
    statements: Sequence[Statement],
    keep: Iterable[str] = (),
    empty: Collection[str] = (),
) -> set[str]:
    """Compute the stages in order as temporary tables; an older one of the name is replaced.

    `empty` are inputs and earlier stages without rows; what rests on them alone is not computed.
    Gives these and the empty ones among the stages. A table is dropped after the last statement
    that reads it, unless its name is among `keep`.
    """
    last = {name: place for place, s in enumerate(statements) for name in (*s.reads, s.name)}
    kept, bare = set(keep), set(empty)
    own: set[str] = set()
    for place, statement in enumerate(statements):
        table = f'"{PREFIX}{statement.name}"'
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({statement.columns})")
        own.add(statement.name)
        if _fill(connection, statement, bare):
            bare.discard(statement.name)
        else:
            bare.add(statement.name)
        for name in sorted(n for n in own - kept if last[n] <= place):
            drop_table(connection, name)
            own.discard(name)
    return bare


def _fill(connection: duckdb.DuckDBPyConnection, statement: Statement, bare: set[str]) -> int:
    """Fill a stage's table; the number of its rows."""
    if is_nothing(statement.nothing, bare):
        return 0
    query = statement.written(DUCKDB.mark, bare)
    connection.execute(f'INSERT INTO temp."{PREFIX}{statement.name}" {query}')  # our own names
    return int(connection.fetchall()[0][0])


def drop_table(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Drop one stage's table if it is there."""
    connection.execute(f'DROP TABLE IF EXISTS temp."{PREFIX}{name}"')


def drop_stages(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the tables of all stages that are still there."""
    found = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE temporary AND starts_with(table_name, ?)",
        [PREFIX],
    ).fetchall()
    for (name,) in found:
        drop_table(connection, name.removeprefix(PREFIX))


def load_program(folder: Path | None, key: str) -> Program | None:
    """The program kept under `key`; None when there is none that can be read."""
    if folder is None:
        return None
    try:
        return Program.from_json(_path(folder, key).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def save_program(folder: Path | None, key: str, program: Program) -> None:
    """Keep a program in a folder of ours; a folder that cannot be written to is no failure."""
    if folder is None:
        return
    target = _path(folder, key)
    beside = target.with_suffix(f".{os.getpid()}")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside.write_text(program.to_json(), encoding="utf-8")
        beside.replace(target)
    except OSError:
        beside.unlink(missing_ok=True)


def _path(folder: Path, key: str) -> Path:
    return folder / f"program-{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"


@cache
def source_digest() -> str:
    """Digest of what a program depends on besides the policy: our code and the compilers."""
    credit = Path(__file__).parent
    sources = [*sorted(credit.rglob("*.py")), *sorted((credit.parent / "domain").glob("*.py"))]
    content = hashlib.sha256()
    for path in sources:
        content.update(path.read_bytes())
    for package in ("ibis-framework", "sqlglot", "duckdb"):
        content.update(version(package).encode())
    return content.hexdigest()
