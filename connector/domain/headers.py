"""Headers of tables as people write them: one word each, or the same word in two languages."""

from __future__ import annotations

import re
from functools import cache

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_MARKS = "*＊ "


@cache
def spell_header(header: str) -> str:
    """The spelling in which headers are compared: no case, single blanks, no mark of a required
    column (`*`)."""
    return " ".join(header.split()).strip(_MARKS).casefold()


@cache
def header_names(header: str) -> tuple[str, ...]:
    """What a header may be called by: itself, and its halves when it says the same in English and
    Chinese (`Due Date / 到期日`)."""
    whole = spell_header(header)
    halves = tuple(half.strip(_MARKS) for half in re.split(r"\s*[/／]\s*", whole))
    chinese = [bool(_CHINESE.search(half)) for half in halves]
    if len(halves) == 2 and all(halves) and sorted(chinese) == [False, True]:
        return (whole, *halves)
    return (whole,)
