"""Takes columns out of many vendor records.

A path is a key of the record as the vendor spells it. When no record has that key, a path with
points is walked through parent records ("Owner.Name"), and last the key is looked for as headers of
files are compared (`domain/headers.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from connector.domain.headers import header_names, spell_header
from connector.ports.crm import Record


class RecordSet:
    """Records of one page, and every key that occurs in them."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        keys: dict[str, None] = {}
        for record in records:
            keys.update(dict.fromkeys(record))
        self._keys = keys
        self._folded: dict[str, str] = {}
        for key in sorted(keys, key=lambda key: len(header_names(key))):
            for name in header_names(key):
                self._folded.setdefault(name, key)

    def __len__(self) -> int:
        return len(self.records)

    def select(self, wanted: Sequence[bool]) -> RecordSet:
        """The records that are wanted; keys stay, so that a column of the page stays a column."""
        chosen = RecordSet(())
        chosen.records = [r for r, keep in zip(self.records, wanted, strict=True) if keep]
        chosen._keys, chosen._folded = self._keys, self._folded
        return chosen

    def column(self, path: str) -> list[object] | None:
        """Values of `path`, one a record, blank text as None; None when no record has the path."""
        head, *rest = self._split(path)
        if not head:
            return None
        try:
            values = list(map(itemgetter(head), self.records))
        except KeyError:
            values = [record.get(head) for record in self.records]
        for key in rest:
            values = [value.get(key) if isinstance(value, dict) else None for value in values]
        return [
            None if value.__class__ is str and (not value or value.isspace()) else value
            for value in values
        ]

    def _split(self, path: str) -> list[str]:
        """Keys to walk; an empty first one when no record has the path."""
        if path in self._keys:
            return [path]
        keys = path.split(".")
        if len(keys) > 1 and keys[0] in self._keys:
            return keys
        return [self._folded.get(spell_header(path), "")]
