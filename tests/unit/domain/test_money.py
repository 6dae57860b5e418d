from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.money import Money, is_currency, minor_digits, round_minor

CURRENCIES = ("CNY", "EUR", "USD", "JPY", "KWD")
AMOUNTS = st.decimals(min_value=-(10**13), max_value=10**13, places=4)
MONEY = st.builds(Money, AMOUNTS, st.sampled_from(CURRENCIES))


@pytest.mark.parametrize(
    ("currency", "digits"), [("CNY", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("XAU", 0)]
)
def test_minor_digits_follow_iso_4217(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize("code", ["", "eur", "EURO", "人民币", "RMB", "E R"])
def test_what_iso_4217_does_not_know_is_no_currency(code: str) -> None:
    assert not is_currency(code)
    with pytest.raises(ValueError):  # noqa: PT011  # the library words it
        minor_digits(code)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("1.005", "EUR", "1.01"),
        ("-1.005", "EUR", "-1.01"),
        ("0.5", "JPY", "1"),
        ("2.5", "JPY", "3"),
        ("1.0005", "KWD", "1.001"),
        ("99999999999999.9949", "CNY", "99999999999999.99"),
    ],
)
def test_rounding_is_half_up_to_the_minor_unit(amount: str, currency: str, rounded: str) -> None:
    assert str(round_minor(Decimal(amount), currency)) == rounded
    assert Money(Decimal(amount), currency).rounded() == Money(Decimal(rounded), currency)


def test_two_currencies_are_never_added() -> None:
    euro, yuan = Money(Decimal(1), "EUR"), Money(Decimal(1), "CNY")
    with pytest.raises(ValueError, match="EUR and CNY"):
        euro + yuan
    with pytest.raises(ValueError, match="CNY and EUR"):
        yuan - euro


def test_money_has_no_order_and_does_not_change() -> None:
    money = Money(Decimal(1), "EUR")
    with pytest.raises(TypeError):
        sorted([money, Money(Decimal(2), "EUR")])  # type: ignore[type-var]
    with pytest.raises(AttributeError):
        money.amount = Decimal(2)  # type: ignore[misc]


@given(MONEY, AMOUNTS)
def test_what_is_added_can_be_taken_away(money: Money, amount: Decimal) -> None:
    other = Money(amount, money.currency)
    assert money + other - other == money
    assert money + other == other + money


@given(MONEY)
def test_rounding_twice_is_rounding_once_and_moves_at_most_half_a_unit(money: Money) -> None:
    rounded = money.rounded()
    assert rounded.rounded() == rounded
    half = Decimal(5).scaleb(-minor_digits(money.currency) - 1)
    assert abs(rounded.amount - money.amount) <= half
