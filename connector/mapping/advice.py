"""What a vendor's field must be able to hold, and how to say so to an admin."""

from __future__ import annotations

from dataclasses import dataclass

from connector.domain.entities import LIMIT_STATES, Kind


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field that holds a credit field well.

    `least` is the shortest useful length in characters, `length` the one to create; `digits` count
    before the decimal point.
    """

    english: str
    chinese: str
    least: int = 0
    length: int = 0
    digits: int = 0
    words: tuple[str, ...] = ()


_AMOUNT = Wanted("Currency, 16 digits and 2 decimals", "货币,16 位整数、2 位小数", digits=12)
_DAY = Wanted("Date", "日期")

WANTED: dict[str, Wanted] = {
    "score": Wanted("Number, 3 digits, no decimals", "数字,3 位,无小数", digits=3),
    "grade": Wanted("Text, length 10", "文本,长度 10", least=3, length=10),
    "colour": Wanted(
        "Picklist with green, amber, red, grey, or Text, length 10",
        "选项列表 green、amber、red、grey,或文本,长度 10",
        least=5, length=10, words=("green", "amber", "red", "grey"),
    ),
    "hold": Wanted("Checkbox", "复选框"),
    "flags": Wanted("Text, length 255", "文本,长度 255", least=40, length=255),
    "reasons": Wanted("Long text, length 8000", "长文本,长度 8000", least=500, length=8000),
    "reason_text": Wanted("Long text, length 2000", "长文本,长度 2000", least=80, length=2000),
    "limit": _AMOUNT,
    "limit_state": Wanted(
        "Picklist with none, cash_only, unlimited, amount, or Text, length 10",
        "选项列表 none、cash_only、unlimited、amount,或文本,长度 10",
        least=9, length=10, words=LIMIT_STATES,
    ),
    "proposed_limit": _AMOUNT,
    "exposure": _AMOUNT,
    "available": _AMOUNT,
    "overdue": _AMOUNT,
    "oldest_due_date": _DAY,
    "ageing": Wanted("Long text, length 1000", "长文本,长度 1000", least=400, length=1000),
    "next_review": _DAY,
    "currency": Wanted("Text, length 3", "文本,长度 3", least=3, length=3),
}  # fmt: skip
"""By credit field."""

READ_TYPES: dict[Kind, tuple[str, str]] = {
    Kind.TEXT: ("Text, length 80", "文本,长度 80"),
    Kind.MONEY: ("Currency, 16 digits and 2 decimals", "货币,16 位整数、2 位小数"),
    Kind.RATE: ("Number, 8 digits and 10 decimals", "数字,8 位整数、10 位小数"),
    Kind.QUANTITY: ("Number, 14 digits and 4 decimals", "数字,14 位整数、4 位小数"),
    Kind.DATE: ("Date", "日期"),
    Kind.TIMESTAMP: ("Date/Time", "日期/时间"),
    Kind.FLAG: ("Checkbox", "复选框"),
    Kind.COUNT: ("Number, 5 digits, no decimals", "数字,5 位,无小数"),
}
"""The field to create for a column of that kind, in English and Chinese."""
