"""How figures are spoken to one reader: language, currency, and whether amounts stand in 万."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from babel.numbers import format_currency, format_decimal, get_currency_name

from connector.domain.metrics import Unit
from connector.domain.texts import Language, say

Amounts = Literal["one", "ten_thousand"]
"""Whether amounts are written out, or in units of ten thousand (万元)."""

TEN_THOUSAND = Decimal(10_000)
_LOCALES: dict[Language, str] = {"en": "en_US", "zh": "zh_CN"}


@dataclass(frozen=True, slots=True)
class Block:
    """A titled part of an explanation; rows are cells of a table or single sentences."""

    title: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says texts, amounts and figures; `currency` is that of amounts without one of their own."""

    language: Language
    currency: str
    amounts: Amounts = "one"

    def say(self, template: str, **params: object) -> str:
        """A sentence."""
        return say(template, self.language, **params)

    def money(self, amount: Decimal | str | None, currency: str | None = None) -> str:
        """An amount with its currency; an unknown one is a dash.

        In Chinese the unit follows: 元, 美元. In units of ten thousand two decimals are kept,
        half-up, so that 1 万 is 10,000.00.
        """
        if amount is None:
            return "–"
        code, value, locale = currency or self.currency, Decimal(amount), _LOCALES[self.language]
        in_tens = self.amounts == "ten_thousand"
        if self.language == "en" and not in_tens:
            return str(format_currency(value, code, locale=locale))
        scaled = value / TEN_THOUSAND if in_tens else value
        rounded = scaled.quantize(Decimal("0.01"), ROUND_HALF_UP)
        shown = format_decimal(rounded, format="#,##0.00", locale=locale)
        if self.language == "zh":
            return f"{shown} {'万' if in_tens else ''}{_unit(code)}"
        return self.say("{amount} × 10,000 {currency}", amount=shown, currency=code)

    def value(self, figure: object, unit: Unit) -> str:
        """A metric's value, or its canonical text, by its unit; an unknown one is a dash."""
        if figure is None:
            return "–"
        text = str(figure)
        if unit == "money":
            return self.money(text)
        if unit == "ratio":
            share = f"{(Decimal(text) * 100).quantize(Decimal('0.1')).normalize():f}"
            return share + ("%" if self.language == "zh" else " %")
        if unit == "days":
            return f"{Decimal(text).quantize(Decimal('0.1')).normalize():f} {self.say('days')}"
        if unit == "number":
            return f"{Decimal(text).quantize(Decimal('0.0001')).normalize():f}"
        return text


def _unit(code: str) -> str:
    """The Chinese word for a currency: 元, 美元, 欧元 …; the code of one unknown."""
    return "元" if code == "CNY" else str(get_currency_name(code, locale="zh_CN"))


def lines_of(blocks: Sequence[Block]) -> list[str]:
    """Blocks as lines of plain text, an empty line between two."""
    lines: list[str] = []
    for block in blocks:
        if lines:
            lines.append("")
        lines.append(block.title)
        lines += _aligned(block.rows)
    return lines


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Cells in columns; wide (Chinese) characters count double, as terminals show them."""
    columns = max((len(row) for row in rows), default=0)
    widths = [
        max((_width(row[n]) for row in rows if len(row) > n + 1), default=0) for n in range(columns)
    ]
    lines = []
    for row in rows:
        cells = [cell + " " * (widths[n] - _width(cell)) for n, cell in enumerate(row[:-1])]
        lines.append("  " + "  ".join([*cells, row[-1]]).rstrip())
    return lines


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
