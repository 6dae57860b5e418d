"""Record ids: 15 characters, the checksum that makes 18, and a generator."""

from __future__ import annotations

import re
import string
from functools import lru_cache

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
# Capitals become 1, the rest 0; a block of five marks, read from its end, counts to 31.
_MARKS = str.maketrans(BASE62, "0" * 10 + "1" * 26 + "0" * 26)
_LETTERS = {f"{number:05b}"[::-1]: letter for number, letter in enumerate(_CHECK)}
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\Z")
_PAIRS = [a + b for a in BASE62 for b in BASE62]
_PAIR_COUNT = 62 * 62
_SERIALS = 62**6
_STEP = 40_503_001_787  # has no factor in common with 62, so the walk meets every serial once


def checksum(id15: str) -> str:
    """Return the three characters that make an 18-character id.

    For each block of five characters, bit i of a number is set when character i
    is A-Z; the number picks a character (Salesforce Help, "15- and 18-character ids").
    """
    marks = id15.translate(_MARKS)
    return _LETTERS[marks[:5]] + _LETTERS[marks[5:10]] + _LETTERS[marks[10:15]]


def to_18(text: object) -> str | None:
    """Return the 18-character form of an id, or None when it is none.

    With 18 characters the checksum repairs wrong upper and lower case, as the
    vendor's servers do; a checksum that fits no casing is no id.
    """
    return _normalise(text) if isinstance(text, str) else None


@lru_cache(maxsize=262_144)
def _normalise(text: str) -> str | None:
    if not _SHAPE.match(text):
        return None
    if len(text) == 15:
        return text + checksum(text)
    body, check = text[:15], text[15:].upper()
    if checksum(body) == check:
        return body + check
    return _recase(body, check)


def _recase(body: str, check: str) -> str | None:
    fixed = []
    for block in range(3):
        bits = _CHECK.index(check[block]) if check[block] in _CHECK else -1
        if bits < 0:
            return None
        for i in range(5):
            char = body[block * 5 + i]
            fixed.append(char.upper() if bits >> i & 1 else char.lower())
    id15 = "".join(fixed)
    return id15 + check if checksum(id15) == check else None


def make_id(prefix: str, number: int) -> str:
    """Return the 18-character id for the `number`-th record of a key prefix.

    Ids do not rise with time, so that nobody takes them for a clock.
    """
    serial = (number * _STEP + 917_132_831) % _SERIALS
    high, rest = divmod(serial, _PAIR_COUNT * _PAIR_COUNT)
    middle, low = divmod(rest, _PAIR_COUNT)
    id15 = f"{prefix}RM0000{_PAIRS[high]}{_PAIRS[middle]}{_PAIRS[low]}"
    return id15 + checksum(id15)
