"""The problems of a page as rows: where, field, reason and the raw record, bounded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pyarrow as pa

from connector.ports.crm import Page, Record
from connector.ports.facts import PROBLEM_SCHEMA

MAX_RAW = 4_000
MAX_RAW_VALUE = 200

Refusals = Mapping[int, Sequence[tuple[str, str]]]
"""Bad fields and reasons by row number."""


def list_problems(
    entity: str,
    feed: str,
    page: Page,
    records: Sequence[Record],
    ids: Sequence[str | None],
    wheres: Sequence[str],
    refused: Refusals,
) -> pa.Table:
    """One row for each record that became no row, one for each unreadable piece."""
    found: list[dict[str, str]] = []
    for row in sorted(refused):
        reasons = refused[row]
        found.append(
            {
                "where_from": wheres[row],
                "record_id": ids[row] or "",
                "field": ", ".join(dict.fromkeys(name for name, _ in reasons)),
                "reason": "; ".join(f"{name}: {reason}" for name, reason in reasons)[:MAX_RAW],
                "raw": bounded_json(records[row]),
            }
        )
    for piece in page.unreadable:
        raw = json.dumps(piece.raw[:MAX_RAW], ensure_ascii=False)
        found.append(
            {"where_from": piece.where, "record_id": "", "field": "", "reason": piece.reason,
             "raw": raw}
        )  # fmt: skip
    rows = [
        {"entity": entity, "feed": feed, **{k: storable(v) for k, v in entry.items()}}
        for entry in found
    ]
    return pa.Table.from_pylist(rows, schema=PROBLEM_SCHEMA)


def bounded_json(record: Record) -> str:
    """The record as JSON of at most about 4,000 characters: long values are cut, and when there
    are too many fields the rest is counted under `…`."""
    shown: dict[str, object] = {}
    size = 0
    for number, (key, value) in enumerate(record.items()):
        text = value if isinstance(value, bool | int) or value is None else _cut(value)
        size += len(json.dumps([key[:MAX_RAW_VALUE], text], ensure_ascii=False))
        if size > MAX_RAW:
            shown["…"] = f"{len(record) - number} more fields"
            break
        shown[key[:MAX_RAW_VALUE]] = text
    return json.dumps(shown, ensure_ascii=False)


def storable(text: str) -> str:
    """Text that every database takes: no NUL, no broken characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _cut(value: object) -> str:
    text = json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
    return text if len(text) <= MAX_RAW_VALUE else text[:MAX_RAW_VALUE] + "…"
