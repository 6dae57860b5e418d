"""Declared differences: where vendors may differ, an adapter says how, and is held to it.

A trait stands under `contract` in the adapter's quality.yaml, with its value and a comment; `ways`
limits it to some of the ways in which the adapter works. The first value of each is the strictest
and needs no declaration. A clause asserts the declared value:
a CRM that behaves better than declared fails as well, because then the declaration misleads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from connector.errors import InputError

VALUES: dict[str, tuple[str, ...]] = {
    "totals": ("exact", "none"),
    "order": ("stamp", "none"),
    "deletions": ("told", "unseen"),
    "merges": ("survivor", "deletion", "unseen"),
    "expired_cursor": ("resumed", "refused"),
    "short_page": ("healed", "shown"),
    "read_retries": ("own", "none"),
    "keyed_upsert": ("yes", "no"),
    "key_in_text": ("found", "no"),
    "key_case": ("exact", "ignored"),
    "digits": ("all", "fifteen"),
    "same_record_twice": ("refused", "last_wins"),
}
"""What may be declared of each trait.

`totals`: pages say how many rows the whole pull has. `order`: records come oldest change first, by
id within a stamp. `deletions`, `merges`: what an incremental
pull tells of them. `expired_cursor`, `short_page`: whether the adapter reads again by itself or
lets the caller see it. `read_retries`: whether a read outlives one passing fault. `keyed_upsert`:
records can be created by a unique key. `key_in_text`: `find_by_key` finds `[key]` within a text.
`key_case`: whether keys that differ in case are one. `digits`: whether numbers keep all digits.
`same_record_twice`: what a call does that names a record twice.
"""


@dataclass(frozen=True, slots=True)
class Traits:
    """How a vendor behaves where vendors differ; see `VALUES`."""

    totals: str = "exact"
    order: str = "stamp"
    deletions: str = "told"
    merges: str = "survivor"
    expired_cursor: str = "resumed"
    short_page: str = "healed"
    read_retries: str = "own"
    keyed_upsert: str = "yes"
    key_in_text: str = "found"
    key_case: str = "exact"
    digits: str = "all"
    same_record_twice: str = "refused"


def read_traits(path: Path, way: str = "") -> Traits:
    """The traits that a quality.yaml declares for a way in which the adapter works; InputError for
    an unknown one or one without a comment that says why."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    declared = (document or {}).get("contract") or {}
    return make_traits(declared, str(path.name), way)


def make_traits(declared: Mapping[str, Any], where: str, way: str = "") -> Traits:
    """Traits from `{name: {value, comment, ways}}`; InputError lists every problem at once."""
    problems = []
    values: dict[str, str] = {}
    for name, entry in declared.items():
        value = entry.get("value") if isinstance(entry, dict) else None
        if name not in VALUES:
            problems.append(f"{name} is no trait; there are {', '.join(VALUES)}")
        elif value not in VALUES[name]:
            problems.append(f"{name} must be one of {', '.join(VALUES[name])}")
        elif not str(entry.get("comment") or "").strip():
            problems.append(f"{name} needs a comment that says why")
        elif way in entry.get("ways", (way,)):
            values[name] = str(value)
    if problems:
        raise InputError(
            "The declared differences cannot be read.",
            where=where,
            next_step="Correct the section `contract`.",
            problems=problems,
        )
    return Traits(**values)


assert {field.name for field in fields(Traits)} == set(VALUES)
