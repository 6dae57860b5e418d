"""What a vendor's field must be able to hold, and how to say so to an admin."""

from __future__ import annotations

from dataclasses import dataclass

from connector.domain.catalogue import CREDIT_FIELDS, CreditField
from connector.domain.entities import Kind


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


def _wanted(field: CreditField) -> Wanted:
    english, chinese = _describe(field)
    text = field.kind is Kind.TEXT
    return Wanted(
        english,
        chinese,
        least=field.least if text else 0,
        length=field.length if text else 0,
        digits=0 if text else field.least,
        words=field.values,
    )


def _describe(field: CreditField) -> tuple[str, str]:
    """The vendor's field to create, in English and Chinese."""
    if field.choices:
        return (
            f"Picklist with {', '.join(field.values)}, or Text, length {field.length}",
            f"选项列表 {'、'.join(field.values)}，或文本，长度 {field.length}",
        )
    whole = field.precision - field.scale
    return {
        Kind.TEXT: (
            f"{'Long text' if field.long_text else 'Text'}, length {field.length}",
            f"{'长文本' if field.long_text else '文本'}，长度 {field.length}",
        ),
        Kind.MONEY: (
            f"Currency, {whole} digits and {field.scale} decimals",
            f"货币，{whole} 位整数、{field.scale} 位小数",
        ),
        Kind.QUANTITY: (f"Number, {whole} digits, no decimals", f"数字，{whole} 位，无小数"),
        Kind.FLAG: ("Checkbox", "复选框"),
        Kind.DATE: ("Date", "日期"),
    }[field.kind]


WANTED: dict[str, Wanted] = {name: _wanted(field) for name, field in CREDIT_FIELDS.items()}
"""By credit field."""

READ_TYPES: dict[Kind, tuple[str, str]] = {
    Kind.TEXT: ("Text, length 80", "文本，长度 80"),
    Kind.MONEY: ("Currency, 16 digits and 2 decimals", "货币，16 位整数、2 位小数"),
    Kind.RATE: ("Number, 8 digits and 10 decimals", "数字，8 位整数、10 位小数"),
    Kind.QUANTITY: ("Number, 14 digits and 4 decimals", "数字，14 位整数、4 位小数"),
    Kind.DATE: ("Date", "日期"),
    Kind.TIMESTAMP: ("Date/Time", "日期/时间"),
    Kind.FLAG: ("Checkbox", "复选框"),
    Kind.COUNT: ("Number, 5 digits, no decimals", "数字，5 位，无小数"),
}
"""The field to create for a column of that kind, in English and Chinese."""
