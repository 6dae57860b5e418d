"""Takes one column out of many vendor records.

A path is a key of the record as the vendor spells it. When no record has that key, a path with
points is walked through parent records ("Owner.Name"), and last the key is looked for without
regard to case and surrounding blanks (headers of files).
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.ports.crm import Record

_MISSING = object()


def take_column(records: Sequence[Record], path: str) -> list[object] | None:
    """Values of `path`, one a record, blank text as None; None when no record has the path."""
    values = [record.get(path, _MISSING) for record in records]
    if _all_missing(values) and "." in path:
        keys = path.split(".")
        values = [_walk(record, keys) for record in records]
    if _all_missing(values):
        key = _similar_key(records, path)
        values = [record.get(key, _MISSING) for record in records] if key else values
    if _all_missing(values):
        return None
    return [
        None if value is _MISSING or (value.__class__ is str and _is_blank(value)) else value
        for value in values
    ]


def _is_blank(text: object) -> bool:
    return not str(text).strip()


def _all_missing(values: list[object]) -> bool:
    return all(value is _MISSING for value in values)


def _walk(record: Record, keys: list[str]) -> object:
    value: object = record
    for key in keys:
        if value is None:
            return None
        if not isinstance(value, dict) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _similar_key(records: Sequence[Record], path: str) -> str:
    """The key that equals `path` but for case and blanks, in the first record; "" without one."""
    wanted = _fold(path)
    return next((k for k in (records[0] if records else ()) if _fold(k) == wanted), "")


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()
