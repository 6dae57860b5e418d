"""Money: an amount that never travels without its currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount in one currency. Adding two currencies raises ValueError."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        self._require_same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._require_same(other)
        return Money(self.amount - other.amount, self.currency)

    def rounded(self) -> Money:
        """Rounded half-up to the currency's minor unit, for display and write-back."""
        return Money(round_minor(self.amount, self.currency), self.currency)

    def _require_same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot combine {self.currency} and {other.currency}")


@cache
def minor_digits(currency: str) -> int:
    """Decimal places of a currency by ISO 4217; ValueError for an unknown code."""
    from iso4217 import Currency

    return int(Currency(currency).exponent or 0)


def is_currency(code: str) -> bool:
    """Whether ISO 4217 knows the code."""
    try:
        minor_digits(code)
    except ValueError:
        return False
    return True


def round_minor(amount: Decimal, currency: str) -> Decimal:
    """Round half-up to the currency's minor unit."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_UP)
