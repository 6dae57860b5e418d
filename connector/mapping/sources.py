"""One column of ours from vendor records: source, transforms, map, default, type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pyarrow as pa

from connector.domain.entities import Column
from connector.domain.headers import header_names
from connector.mapping.columns import type_column
from connector.mapping.document import FieldDoc
from connector.mapping.duplicates import PullMemory
from connector.mapping.numbers_text import shorten
from connector.mapping.paths import RecordSet
from connector.mapping.transforms import ColumnWork, Values, as_text, run_transforms
from connector.ports.facts import ARROW_TYPES


@dataclass(slots=True)
class ReadContext:
    """What pages are read with: the connection's name and settings, and the pull's memory.

    One context serves one pull of one feed. `currency` is the default currency; `accounts` names
    the connection whose accounts a row means (default: the connection itself).
    """

    connection: str
    currency: str = ""
    accounts: str = ""
    memory: PullMemory = field(default_factory=PullMemory)

    def resolve(self, text: str) -> str:
        """A constant or default with its variable filled; ValueError for an empty setting."""
        if text == "$accounts":
            return self.accounts or self.connection
        if text == "$connection":
            return self.connection
        if text == "$currency":
            if not self.currency:
                raise ValueError("the connection has no default currency; set `currency`")
            return self.currency
        return text


def read_column(
    column: Column,
    doc: FieldDoc | None,
    records: RecordSet,
    context: ReadContext,
    work: ColumnWork,
) -> pa.Array:
    """Typed values of one column; all null when the document does not map it."""
    if doc is None or not len(records):
        return pa.nulls(len(records), ARROW_TYPES[column.kind])
    work.memory = context.memory.columns.setdefault(column.name, {})
    try:
        if doc.constant is not None:
            values: Values = [context.resolve(doc.constant)] * len(records)
        else:
            values = _from_groups(doc, records, work) or _from_paths(doc, records, work)
            if doc.default is not None and None in values:
                default = context.resolve(doc.default)
                values = _fill(values, default, work)
    except ValueError as error:
        for row in range(len(records)):
            work.refuse(row, str(error))
        return pa.nulls(len(records), ARROW_TYPES[column.kind])
    return type_column(values, column.kind, work)


def missing_paths(doc: FieldDoc | None, records: RecordSet) -> tuple[str, ...]:
    """The document's paths, when no record has any of them."""
    if doc is None or not doc.paths:
        return ()
    found = any(records.column(path) is not None for path in doc.paths)
    return () if found else doc.paths


def _fill(values: Values, default: str, work: ColumnWork) -> Values:
    """The default where a value is empty; a value that was refused is not empty."""
    return [
        default if value is None and row not in work.refused else value
        for row, value in enumerate(values)
    ]


def _from_groups(doc: FieldDoc, records: RecordSet, work: ColumnWork) -> Values:
    """Parts joined with a bar (empty ones in front left out, as in an id), or the word whose paths
    hold something; empty for any other source. Transforms and map follow."""
    if doc.join:
        parts = [_first_texts(paths, records, work) for paths in doc.join]
        values: Values = [
            "|".join(part or "" for part in row).lstrip("|") if row[-1] is not None else None
            for row in zip(*parts, strict=True)
        ]
    elif doc.which:
        values = [None] * len(records)
        for word, paths in doc.which.items():
            for column in map(records.column, paths):
                for row, value in enumerate(column or ()):
                    if values[row] is None and value is not None:
                        values[row] = word
    else:
        return []
    values = run_transforms(values, doc.steps, work)
    return _translate(values, doc.map, {}) if doc.map else values


def _first_texts(paths: Sequence[str], records: RecordSet, work: ColumnWork) -> list[str | None]:
    """The first path of each record that holds something, as text."""
    texts: list[str | None] = [None] * len(records)
    for path in paths:
        for row, value in enumerate(records.column(path) or ()):
            if texts[row] is None and value is not None:
                try:
                    texts[row] = as_text(value).strip() or None
                except ValueError as error:
                    work.refuse(row, str(error))
    return texts


def _from_paths(doc: FieldDoc, records: RecordSet, work: ColumnWork) -> Values:
    """The first path that gives a value (which the map knows, where there is one)."""
    result: Values = [None] * len(records)
    strangers: dict[int, str] = {}
    for path in doc.paths:
        taken = records.column(path)
        if taken is None:
            continue
        values = run_transforms(taken, doc.steps, work)
        if doc.map:
            values = _translate(values, doc.map, strangers)
        if path == doc.paths[0]:
            result = values
        else:
            result = [b if a is None else a for a, b in zip(result, values, strict=True)]
        if path == doc.paths[-1] or None not in result:
            break
    if doc.map and doc.default is None:
        for row, word in strangers.items():
            if result[row] is None:
                work.refuse(row, f"{word} is not in the map and there is no default")
    return result


def _translate(values: Values, words: Mapping[str, str], strangers: dict[int, str]) -> Values:
    """Values by the map, compared as text without regard to case; others noted and None.

    Our own words need no entry, and a word may stand there in two languages (`Held / 持有`).
    """
    folded = {value.casefold(): value for value in words.values()}
    folded |= {key.strip().casefold(): value for key, value in words.items()}
    result: Values = [None] * len(values)
    for row, value in enumerate(values):
        if value is None:
            continue
        with suppress(ValueError):
            names = header_names(as_text(value))
            result[row] = next((folded[name] for name in names if name in folded), None)
        if result[row] is None:
            strangers.setdefault(row, shorten(value))
    return result
