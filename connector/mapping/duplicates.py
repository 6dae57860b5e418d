"""Record ids, and rows of one file that carry the same id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connector.mapping.document import ROW_ID, EntityDoc
from connector.mapping.feeds import Feed
from connector.mapping.paths import RecordSet
from connector.mapping.transforms import ColumnWork, as_text
from connector.ports.crm import Record


@dataclass(slots=True)
class PullMemory:
    """What the earlier pages of one pull told about the file that is being read.

    `columns` keeps proven number and date forms by column, `keys` the first row of each id: how
    often it came, a digest of its content, and where it stands.
    """

    file: str = ""
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, tuple[int, int, str]] = field(default_factory=dict)

    def enter(self, file: str) -> None:
        """Forget everything when another file begins."""
        if file != self.file:
            self.file, self.columns, self.keys = file, {}, {}


def file_of(where: str) -> str:
    """The file part of an origin like `invoices.csv:12`."""
    return where.rpartition(":")[0]


def list_ids(
    feed: Feed, records: RecordSet, columns: Mapping[str, pa.Array], work: ColumnWork
) -> list[str | None]:
    """The id of each record: vendor paths, columns of ours, or a digest of the row's content.

    None where a part of the id is empty (refused in `work`). Of the columns named by `id_from`
    those may be empty that the entity does not require.
    """
    doc = feed.doc
    if doc.id == (ROW_ID,):
        return [row_digest(record) for record in records.records]
    if doc.id_from:
        ids = _ids_from_columns(feed, columns)
    else:
        ids = _ids_from_paths(doc.id, records, work)
    for row, record_id in enumerate(ids):
        if record_id is None:
            work.refuse(row, f"the id ({', '.join(doc.id or doc.id_from)}) is empty")
    return ids


def _ids_from_columns(feed: Feed, columns: Mapping[str, pa.Array]) -> list[str | None]:
    names = feed.doc.id_from
    texts = [columns[name].cast(pa.string()).to_pylist() for name in names]
    needed = [feed.entity.column(name).required for name in names]
    return [
        None
        if any(part is None and must for part, must in zip(parts, needed, strict=True))
        else "|".join(part or "" for part in parts).lstrip("|") or None
        for parts in zip(*texts, strict=True)
    ]


def _ids_from_paths(
    paths: tuple[str, ...], records: RecordSet, work: ColumnWork
) -> list[str | None]:
    parts: list[list[str | None]] = []
    for path in paths:
        texts: list[str | None] = [None] * len(records)
        for row, value in enumerate(records.column(path) or ()):
            if value is not None:
                try:
                    texts[row] = as_text(value).strip()
                except ValueError as error:
                    work.refuse(row, str(error))
        parts.append(texts)
    if len(parts) == 1:
        return parts[0]
    return [
        None if any(part is None for part in row) else "|".join(str(part) for part in row)
        for row in zip(*parts, strict=True)
    ]


def row_digest(record: Record) -> str:
    """24 hex digits over the record's content: the id of a row that has no key of its own."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def separate_duplicates(
    doc: EntityDoc,
    ids: list[str | None],
    records: Sequence[Record],
    wheres: Sequence[str],
    memory: PullMemory,
    work: ColumnWork,
) -> list[str]:
    """Deal with ids that a file holds twice; gives sentences on those that were kept.

    `keep` numbers them (`#2`, `#3`); else the later row is refused: as the same row again, or as a
    clash when its content differs. Ids of an API are unique, so records without origin pass.
    """
    kept: list[str] = []
    for row, (record_id, where) in enumerate(zip(ids, wheres, strict=True)):
        if record_id is None:
            continue
        content = hash(tuple(map(str, records[row].values())))
        if record_id not in memory.keys:
            memory.keys[record_id] = (1, content, where)
            continue
        times, first_content, first_where = memory.keys[record_id]
        memory.keys[record_id] = (times + 1, first_content, first_where)
        if doc.duplicates == "keep":
            ids[row] = f"{record_id}#{times + 1}"
            alike = "the same row as" if content == first_content else "the same id as"
            kept.append(f"{where}: {alike} {first_where}, kept as {ids[row]}")
        elif content == first_content:
            work.refuse(row, f"the same row stands at {first_where}; it counts once")
        else:
            work.refuse(row, f"the id {record_id!r} stands at {first_where} with other content")
    return kept


def unique_ids(ids: Sequence[str | None]) -> pa.Array:
    """The ids that are known, each once, as Arrow text."""
    return pc.unique(pa.array([i for i in ids if i is not None], pa.string()))
