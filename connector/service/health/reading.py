"""All that the files of a connection hold: rows by entity, and what cannot be read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from connector.domain.entities import ENTITIES
from connector.mapping.feeds import Feed
from connector.mapping.read import ReadContext, map_page
from connector.ports.facts import PROBLEM_SCHEMA, row_schema
from connector.service.health.report import MOST_EXAMPLES, Example, HealthFinding, file_of
from connector.service.health.rules import Level
from connector.sync.desk import Connection


@dataclass(slots=True)
class Reading:
    """Everything that the files hold, by entity."""

    rows: dict[str, list[pa.Table]] = field(default_factory=lambda: defaultdict(list))
    problems: list[pa.Table] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    def tables(self) -> dict[str, pa.Table]:
        """One table an entity, empty ones too."""
        return {
            name: pa.concat_tables(self.rows[name]) if name in self.rows
            else row_schema(name).empty_table()
            for name in ENTITIES
        }  # fmt: skip


def read_connection(connection: Connection) -> Reading:
    """Every file, from the beginning; nothing is landed and no cursor moves."""
    reading = Reading()
    for feed in connection.mapping.feeds:
        _read_feed(connection, feed, reading)
    return reading


def _read_feed(connection: Connection, feed: Feed, reading: Reading) -> None:
    context = ReadContext(
        connection.name, accounts=connection.accounts, currency=connection.currency
    )
    for page in connection.adapter.pull(feed.request(None)):
        mapped = map_page(feed, page, context)
        if mapped.rows.num_rows:
            reading.rows[feed.entity.name].append(mapped.rows)
        if mapped.problems.num_rows:
            reading.problems.append(mapped.problems)
        reading.kept += mapped.duplicates
        reading.places |= {where.rpartition(":")[0] for where in page.wheres}
        reading.places |= {piece.where.rpartition(":")[0] or piece.where
                           for piece in page.unreadable}  # fmt: skip


def list_problems(reading: Reading) -> Iterator[HealthFinding]:
    """Rows and files that cannot be read, by kind of reason."""
    every = pa.concat_tables([PROBLEM_SCHEMA.empty_table(), *reading.problems]).to_pylist()
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for problem in every:
        groups[(_kind_of(problem), problem["entity"])].append(problem)
    for (kind, entity), rows in groups.items():
        level: Level = "warning" if kind == "same_row" else "error"
        message, next_step = _UNREAD[kind]
        yield HealthFinding(
            kind, level, entity, message, next_step, len(rows),
            tuple(Example(row["where_from"], row["reason"]) for row in rows[:MOST_EXAMPLES]),
            Counter(file_of(row["where_from"]) for row in rows),
        )  # fmt: skip
    if reading.kept:
        message, next_step = _UNREAD["kept_twice"]
        yield HealthFinding(
            "kept_twice", "info", "payment", message, next_step, len(reading.kept),
            tuple(Example(*text.split(": ", 1)) for text in reading.kept[:MOST_EXAMPLES]),
            Counter(file_of(text.split(": ", 1)[0]) for text in reading.kept),
        )  # fmt: skip


_UNREAD: Mapping[str, tuple[str, str]] = {
    "file_unreadable": (
        "The file or line cannot be read.",
        "Save the file anew as XLSX or CSV (UTF-8), or correct the line.",
    ),
    "unknown_currency": (
        "The currency is none.",
        "Write ISO codes such as CNY, USD, EUR.",
    ),
    "no_account": (
        "The row names no customer.",
        "Enter the customer number or the 统一社会信用代码.",
    ),
    "same_row": ("The same row stands there twice; it counts once.", "Take one of them out."),
    "same_number": (
        "The same number stands there twice with different content.",
        "Correct one of the numbers; the first row counts.",
    ),
    "unknown_word": (
        "A word is not on its list.",
        "Use a word of the template's drop-down list, or add yours to the mapping.",
    ),
    "value_unreadable": (
        "A value cannot be read, or a required one is empty.",
        "Correct the cell; the row is left out until then.",
    ),
    "kept_twice": ("Rows look alike; both are kept.", "Look whether one of them is a copy."),
}


def _kind_of(problem: Mapping[str, Any]) -> str:
    reason, fields = str(problem["reason"]), str(problem["field"])
    if not fields:
        return "file_unreadable"
    if "it counts once" in reason:
        return "same_row"
    if "with other content" in reason:
        return "same_number"
    if "ISO 4217" in reason:
        return "unknown_currency"
    if "account_key: is empty" in reason:
        return "no_account"
    if "is not in the map" in reason or "is not a known word" in reason:
        return "unknown_word"
    return "value_unreadable"
