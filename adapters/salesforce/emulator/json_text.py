"""JSON as the REST API writes it: compact, or in the Java style that X-PrettyPrint asks for."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def write_json(value: Any, *, pretty: bool) -> bytes:
    """Return UTF-8 JSON; pretty text has `"key" : value` and `[ ]` for an empty list."""
    if not pretty:
        return _COMPACT.encode(value).encode()
    out: list[str] = []
    _write(value, 0, out)
    return "".join(out).encode()


@lru_cache(maxsize=16)
def _object_layout(depth: int) -> tuple[str, Callable[[Any], str], str]:
    """Return line break, encoder of plain members, and closing brace for a nesting depth."""
    gap = "\n" + "  " * (depth + 1)
    encoder = json.JSONEncoder(ensure_ascii=False, separators=("," + gap, " : "))
    return gap, encoder.encode, "\n" + "  " * depth + "}"


def _write(value: Any, depth: int, out: list[str]) -> None:
    if isinstance(value, dict):
        _write_object(value, depth, out)
    elif not isinstance(value, (list, tuple)):
        out.append(_COMPACT.encode(value))
    elif not value:
        out.append("[ ]")
    else:
        lead = "[ "
        for item in value:
            out.append(lead)
            _write(item, depth, out)
            lead = ", "
        out.append(" ]")


def _write_object(value: dict[str, Any], depth: int, out: list[str]) -> None:
    """Write runs of plain members with one call of the C encoder each, because pages are long."""
    if not value:
        out.append("{ }")
        return
    gap, encode, close = _object_layout(depth)
    lead = "{" + gap
    run: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(item, (dict, list, tuple)):
            run[key] = item
            continue
        if run:
            out.append(lead + encode(run)[1:-1])
            lead, run = "," + gap, {}
        out.append(f"{lead}{_COMPACT.encode(key)} : ")
        _write(item, depth + 1, out)
        lead = "," + gap
    if run:
        out.append(lead + encode(run)[1:-1])
    out.append(close)
