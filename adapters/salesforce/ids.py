"""Record ids: 15 case-sensitive characters, or 18 with a checksum that survives case-blind use.

Source: Salesforce's "15-character to 18-character ID" algorithm; each block of five characters
gives one checksum character whose bits say which of the five are upper case.
"""

from __future__ import annotations

import re

_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", re.ASCII)


def to_long_id(record_id: str) -> str:
    """The 18-character form of a record id; an 18-character id is checked and mended in case.

    Raises ValueError for what is no id or has a wrong checksum.
    """
    if not _ID.fullmatch(record_id):
        raise ValueError(f"{record_id[:40]!r} is no Salesforce record id")
    if len(record_id) == 15:
        return record_id + _compute_checksum(record_id)
    short = _restore_case(record_id[:15], record_id[15:].upper())
    return short + record_id[15:].upper()


def _compute_checksum(short: str) -> str:
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << i for i, c in enumerate(short[start : start + 5]) if "A" <= c <= "Z")
        suffix += _CHECKSUM[bits]
    return suffix


def _restore_case(short: str, suffix: str) -> str:
    letters: list[str] = []
    for position, character in enumerate(short):
        bits = _CHECKSUM.find(suffix[position // 5])
        upper = bool(bits >> (position % 5) & 1) if bits >= 0 else None
        if upper is None or (upper and character.isdigit()):
            raise ValueError(f"{(short + suffix)!r} has a wrong checksum; copy the record id again")
        letters.append(character.upper() if upper else character.lower())
    return "".join(letters)
