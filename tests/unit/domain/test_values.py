from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.entities import Kind
from connector.domain.values import canonical, decimal_text

NUMBERS = (Kind.MONEY, Kind.RATE, Kind.QUANTITY, Kind.COUNT)
EXACT = st.decimals(min_value=-(10**13), max_value=10**13, places=4)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("nothing", [None, "", "  ", "\n\t"])
def test_null_missing_and_empty_are_the_same(kind: Kind, nothing: object) -> None:
    assert canonical(nothing, kind) is None


@pytest.mark.parametrize("kind", NUMBERS)
def test_zero_is_a_value(kind: Kind) -> None:
    for zero in (0, 0.0, Decimal("0.00"), "0", "-0", "-0.00", Decimal("-0"), "0E-7"):
        assert canonical(zero, kind) == "0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1200.50", "1200.5"),
        ("1200.00", "1200"),
        ("1.2E+6", "1200000"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.00000001"), "0.00000001"),
        (100, "100"),
        (0.1, "0.1"),
        (" 7 ", "7"),
        (-5, "-5"),
        (True, None),
    ],
)
def test_numbers_have_no_exponent_and_no_trailing_zeros(value: object, text: str | None) -> None:
    if text is None:
        with pytest.raises(ValueError, match="not a number"):
            decimal_text(value)
    else:
        assert decimal_text(value) == text


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [
        ("1.005", 2, "1.01"),
        ("-1.005", 2, "-1.01"),
        ("1.004", 2, "1"),
        ("-0.004", 2, "0"),
        ("2.5", 0, "3"),
        ("99999999999999.9999", 2, "100000000000000"),
    ],
)
def test_a_scale_rounds_half_up(value: str, scale: int, text: str) -> None:
    assert canonical(value, Kind.MONEY, scale) == text


@pytest.mark.parametrize(
    "value",
    ["abc", "1,000", "NaN", "Infinity", "-inf", "1.2.3", "十", "1e999999", "9" * 60, object()],
)
@pytest.mark.parametrize("scale", [None, 2])
def test_what_is_no_number_we_can_hold_is_a_value_error(value: object, scale: int | None) -> None:
    with pytest.raises(ValueError, match="number"):
        canonical(value, Kind.MONEY, scale)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), ("TRUE", "true"), (" False ", "false")],
)
def test_flags(value: object, text: str) -> None:
    assert canonical(value, Kind.FLAG) == text


@pytest.mark.parametrize("value", ["yes", "1", 1, 0, "t"])
def test_a_flag_is_true_or_false_and_nothing_like_it(value: object) -> None:
    with pytest.raises(ValueError, match="neither true nor false"):
        canonical(value, Kind.FLAG)


@pytest.mark.parametrize(
    "value",
    [
        date(2025, 3, 31),
        datetime(2025, 3, 31, 23, 59, tzinfo=UTC),
        "2025-03-31",
        "2025-03-31T10:00:00.000+0000",
        " 2025-03-31 ",
    ],
)
def test_dates_are_iso_days(value: object) -> None:
    assert canonical(value, Kind.DATE) == "2025-03-31"


@pytest.mark.parametrize("value", ["31.03.2025", "2025-02-30", "03/04/2025", "today"])
def test_a_date_in_another_form_is_refused(value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the standard library words it
        canonical(value, Kind.DATE)


def test_timestamps_and_text_are_trimmed() -> None:
    moment = datetime(2025, 3, 31, 8, 0, tzinfo=UTC)
    assert canonical(moment, Kind.TIMESTAMP) == "2025-03-31T08:00:00+00:00"
    assert canonical(" 2025-03-31T08:00:00Z ", Kind.TIMESTAMP) == "2025-03-31T08:00:00Z"
    assert canonical("  华北 贸易 ", Kind.TEXT) == "华北 贸易"
    assert canonical(12, Kind.TEXT) == "12"


@given(EXACT)
def test_text_and_number_are_the_same_value(number: Decimal) -> None:
    text = canonical(number, Kind.MONEY)
    assert text is not None
    assert Decimal(text) == number
    assert canonical(text, Kind.MONEY) == text
    assert "e" not in text.lower()


@given(EXACT, st.integers(min_value=0, max_value=4))
def test_equal_numbers_have_equal_text_whatever_their_form(number: Decimal, zeros: int) -> None:
    longer = Decimal(f"{number:f}" + "0" * zeros)
    assert canonical(longer, Kind.MONEY) == canonical(number, Kind.MONEY)
    assert canonical(str(number), Kind.MONEY) == canonical(number, Kind.MONEY)


@given(EXACT, st.integers(min_value=0, max_value=4))
def test_rounding_is_what_decimal_does_and_settles_at_once(number: Decimal, scale: int) -> None:
    text = canonical(number, Kind.MONEY, scale)
    assert text is not None
    assert Decimal(text) == number.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)
    assert canonical(text, Kind.MONEY, scale) == text


@given(st.dates(), st.booleans())
def test_dates_and_flags_come_back(day: date, flag: bool) -> None:
    text = canonical(day, Kind.DATE)
    assert text is not None
    assert date.fromisoformat(text) == day
    assert canonical(text, Kind.DATE) == text
    assert canonical(canonical(flag, Kind.FLAG), Kind.FLAG) == str(flag).lower()


@given(st.sampled_from(list(Kind)), st.text(), st.sampled_from([None, 0, 2]))
def test_any_text_is_canonical_or_a_value_error(kind: Kind, text: str, scale: int | None) -> None:
    try:
        settled = canonical(text, kind, scale)
    except ValueError:
        return
    assert canonical(settled, kind, scale) == settled
