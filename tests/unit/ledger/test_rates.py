"""The dense table of exchange rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from connector.ledger import Ledger
from connector.ledger.rates import fill_rates
from tests.unit.ledger.batches import land


def rate(number: int, currency: str, quote: str, day: int, value: str) -> dict[str, object]:
    return {
        "id": str(number),
        "currency": currency,
        "quote": quote,
        "rate_date": date(2025, 6, day),
        "rate": Decimal(value),
    }


def filled(ledger: Ledger, currency: str) -> list[tuple[int, Decimal]]:
    rows = ledger.query(
        "SELECT rate_date, rate FROM fx WHERE currency = ? ORDER BY rate_date", [currency]
    ).to_pylist()
    return [(row["rate_date"].day, row["rate"]) for row in rows]


FIRST, LAST = date(2025, 6, 2), date(2025, 6, 5)


def test_a_rate_holds_until_the_next_and_reaches_in_from_before(ledger: Ledger) -> None:
    land(ledger, "fx_rate", rate(1, "USD", "CNY", 1, "7.1"), rate(2, "USD", "CNY", 4, "7.2"))
    assert fill_rates(ledger, "CNY", {}, FIRST, LAST) == 8
    old, new = Decimal("7.1"), Decimal("7.2")
    assert filled(ledger, "USD") == [(2, old), (3, old), (4, new), (5, new)]
    assert filled(ledger, "CNY") == [(day, Decimal(1)) for day in (2, 3, 4, 5)]


def test_before_its_first_rate_a_currency_is_unknown_unless_a_constant_is_given(
    ledger: Ledger,
) -> None:
    land(ledger, "fx_rate", rate(1, "USD", "CNY", 4, "7.2"))
    fill_rates(ledger, "CNY", {}, FIRST, LAST)
    assert [day for day, _ in filled(ledger, "USD")] == [4, 5]
    fill_rates(ledger, "CNY", {"USD": Decimal(7), "EUR": Decimal("7.8")}, FIRST, LAST)
    assert filled(ledger, "USD") == [
        (2, Decimal(7)),
        (3, Decimal(7)),
        (4, Decimal("7.2")),
        (5, Decimal("7.2")),
    ]
    assert {value for _, value in filled(ledger, "EUR")} == {Decimal("7.8")}


def test_the_inverse_is_used_where_only_that_is_quoted(ledger: Ledger) -> None:
    land(ledger, "fx_rate", rate(1, "EUR", "USD", 1, "1.08"), rate(2, "EUR", "JPY", 1, "160"))
    land(ledger, "fx_rate", rate(3, "JPY", "EUR", 1, "0.00625"), feed="more")
    fill_rates(ledger, "EUR", {}, FIRST, FIRST)
    assert filled(ledger, "USD") == [(2, Decimal("0.9259259259"))]
    assert filled(ledger, "JPY") == [(2, Decimal("0.00625"))]


def test_a_cross_goes_over_a_currency_known_that_day(ledger: Ledger) -> None:
    land(
        ledger,
        "fx_rate",
        rate(1, "USD", "CNY", 1, "7"),
        rate(2, "GBP", "USD", 3, "1.25"),
        rate(3, "USD", "KRW", 3, "1400"),
        rate(4, "XAF", "XOF", 1, "1"),
    )
    fill_rates(ledger, "CNY", {}, FIRST, LAST)
    assert filled(ledger, "GBP") == [(day, Decimal("8.75")) for day in (3, 4, 5)]
    assert filled(ledger, "KRW")[0] == (3, Decimal("0.005"))
    assert filled(ledger, "XAF") == []


def test_rates_that_cannot_be_are_ignored(ledger: Ledger) -> None:
    land(
        ledger,
        "fx_rate",
        rate(1, "USD", "CNY", 1, "0"),
        rate(2, "EUR", "CNY", 1, "-1"),
        rate(3, "CNY", "VND", 1, "0.0000000001"),
        rate(4, "CHF", "CNY", 30, "8"),
    )
    assert fill_rates(ledger, "CNY", {"CNY": Decimal(2)}, FIRST, LAST) == 4
    assert filled(ledger, "CNY")[0] == (2, Decimal(1))
