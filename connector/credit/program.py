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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir

from connector.credit.dialects import DUCKDB, Dialect

PREFIX = "credit_"
"""Every temporary table of a calculation begins so."""

_NAMED = re.compile(rf'["`]{PREFIX}([a-z0-9_]+)["`]')


@dataclass(frozen=True)
class Statement:
    """One stage: the table it fills, its columns with types, and the query that fills it."""

    name: str
    columns: str
    query: str

    @property
    def reads(self) -> set[str]:
        """Names of the stages and inputs it reads."""
        return set(_NAMED.findall(self.query))


@dataclass(frozen=True)
class Program:
    """The compiled calculation of one policy, in the order in which it runs.

    `verdict` decides; `output` makes the tables put out and `worlds` the facts in which the
    remedies have happened; `verdict` then runs again on those, and `remedies` adds what came of it
    to the reasons.
    """

    verdict: tuple[Statement, ...]
    output: tuple[Statement, ...]
    worlds: tuple[Statement, ...]
    remedies: tuple[Statement, ...]

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All of them, each once."""
        return (*self.verdict, *self.output, *self.worlds, *self.remedies)

    def to_json(self) -> str:
        """As text, for the folder of programs."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Program:
        """From text; ValueError, KeyError or TypeError when it is none of ours."""
        parts = json.loads(text)
        return Program(**{k: tuple(Statement(**s) for s in part) for k, part in parts.items()})


class Builder:
    """Collects stages; each is an expression over inputs and earlier stages."""

    def __init__(self, dialect: Dialect = DUCKDB) -> None:
        self.dialect = dialect
        self.statements: list[Statement] = []
        self.kept: dict[str, ir.Table] = {}

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        """Add a stage and return the table it will be; ValueError for a name in use."""
        if any(statement.name == name for statement in self.statements):
            raise ValueError(f"the stage {name} stands there twice")
        self.statements.append(Statement(name, *self.dialect.write(expression)))
        self.kept[name] = ibis.table(expression.schema(), name=PREFIX + name)
        return self.kept[name]

    def once(self, name: str, make: Callable[[], ir.Table]) -> ir.Table:
        """The stage of that name; made and kept when it is asked for the first time."""
        return self.kept[name] if name in self.kept else self.keep(name, make())


def run_statements(
    connection: duckdb.DuckDBPyConnection,
    statements: Sequence[Statement],
    keep: Iterable[str] = (),
) -> None:
    """Compute the stages in order as temporary tables; an older one of the name is replaced.

    A table is dropped after the last statement that reads it, unless its name is among `keep`.
    """
    last = {name: place for place, s in enumerate(statements) for name in (*s.reads, s.name)}
    kept = set(keep)
    own: set[str] = set()
    for place, statement in enumerate(statements):
        drop_table(connection, statement.name)
        table = f'"{PREFIX}{statement.name}"'
        connection.execute(f"CREATE TEMP TABLE {table} ({statement.columns})")
        connection.execute(f"INSERT INTO temp.{table} {statement.query}")  # our own names
        own.add(statement.name)
        for name in sorted(n for n in own - kept if last[n] <= place):
            drop_table(connection, name)
            own.discard(name)


def drop_table(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Drop one stage's table if it is there."""
    connection.execute(f'DROP TABLE IF EXISTS temp."{PREFIX}{name}"')


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
