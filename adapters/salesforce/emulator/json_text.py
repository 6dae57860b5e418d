"""JSON as the REST API writes it: compact, or in the Java style that X-PrettyPrint asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def write_json(value: Any, *, pretty: bool) -> bytes:
    """Return UTF-8 JSON; pretty text has `"key" : value` and `[ ]` for an empty list."""
    if not pretty:
        return _COMPACT.encode(value).encode()
    return "".join(_pretty(value, 0)).encode()


@lru_cache(maxsize=16)
def _scalars(depth: int) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=False, separators=(",\n" + "  " * (depth + 1), " : "))


def _pretty(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _pretty_object(value, depth)
    elif isinstance(value, (list, tuple)):
        if not value:
            yield "[ ]"
            return
        for index, item in enumerate(value):
            yield ", " if index else "[ "
            yield from _pretty(item, depth)
        yield " ]"
    else:
        yield _COMPACT.encode(value)


def _pretty_object(value: dict[str, Any], depth: int) -> Iterator[str]:
    """Write runs of plain values with one call of the C encoder each; pages are long."""
    if not value:
        yield "{ }"
        return
    gap = "\n" + "  " * (depth + 1)
    run: dict[str, Any] = {}
    lead = "{" + gap
    for key, item in value.items():
        if not isinstance(item, (dict, list, tuple)):
            run[key] = item
            continue
        if run:
            yield lead + _scalars(depth).encode(run)[1:-1]
            lead, run = "," + gap, {}
        yield f"{lead}{_COMPACT.encode(key)} : "
        yield from _pretty(item, depth + 1)
        lead = "," + gap
    if run:
        yield lead + _scalars(depth).encode(run)[1:-1]
    yield "\n" + "  " * depth + "}"
