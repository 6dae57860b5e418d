from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from connector.mapping.document import read_step
from connector.mapping.transforms import ColumnWork, Values, run_transforms


def run(values: Values, *steps: object) -> tuple[Values, dict[int, str]]:
    work = ColumnWork()
    return run_transforms(values, [read_step(step) for step in steps], work), work.refused


@pytest.mark.parametrize(
    ("step", "given", "expected"),
    [
        ("trim", " a ", "a"),
        ("upper", "de", "DE"),
        ("lower", "DE", "de"),
        ("strip_leading_zeros", "0000010023", "10023"),
        ("strip_leading_zeros", "00A1", "00A1"),
        ("strip_leading_zeros", "000", "0"),
        ("digits", "INV-20/31", "2031"),
        ({"split": {"separator": "-", "part": 2}}, "A-B-C", "B"),
        ({"split": {"separator": "-", "part": -1}}, "A-B-C", "C"),
        ("integer", "30", 30),
        ("integer", Decimal("30.0"), 30),
        ("negate", "12.5", Decimal("-12.5")),
        ("absolute", Decimal("-3"), Decimal(3)),
        ("datetime", "2026-01-31T10:00:00.000+0800", datetime(2026, 1, 31, 2)),
        ("datetime", "2026-01-31T10:00:00", datetime(2026, 1, 31, 10)),
        ("boolean", "Yes", True),
        ("boolean", "否", False),
        ({"boolean": {"true": ["ja"], "false": ["nein"]}}, "JA", True),
        ("currency", "rmb", "CNY"),
        ("currency", "人民币", "CNY"),
        ("currency", " eur ", "EUR"),
        ("terms_days", "Net 30", 30),
        ("terms_days", "2/10 net 45", 45),
        ("terms_days", "月结30天", 30),
        ("terms_days", "60 days end of month", 60),
        ("terms_days", "COD", 0),
        ("terms_days", "货到付款", 0),
        ("terms_days", "Prepaid", None),
        ("terms_days", "预付", None),
        ("upper", None, None),
        ("decimal", None, None),
    ],
)
def test_a_value_is_transformed(step: object, given: object, expected: object) -> None:
    assert run([given], step) == ([expected], {})


@pytest.mark.parametrize(
    ("step", "given", "reason"),
    [
        ("integer", "30.5", "not a whole number"),
        ("integer", "thirty", "not a plain number"),
        ("negate", True, "a yes or no, not a number"),
        ("boolean", "perhaps", "none of the words"),
        ("datetime", "soon", "not a date and time"),
        ("terms_days", "as agreed", "do not name their days"),
        ("terms_days", "3 months", "do not name their days"),
        ("terms_days", "10/20", "do not name their days"),
        ({"split": {"separator": "-", "part": 3}}, "A-B", "has no part 3"),
        ("upper", {"a": 1}, "a structure"),
        ("upper", Decimal("NaN"), "not a usable number"),
        ("upper", Decimal("1e999999"), "not a usable number"),
        ("decimal", "1e5", "not a number"),
        ("decimal", "twelve", "not a number"),
        ("decimal", "9" * 50, "not a number"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_the_others_go_on(
    step: object, given: object, reason: str
) -> None:
    values, refused = run([given, None], step)
    assert values == [None, None]
    assert list(refused) == [0]
    assert reason in refused[0]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("1 234,50", "1234.50"),
        ("1'234.50", "1234.50"), ("1,234,567", "1234567"), ("1.234.567", "1234567"),
        ("12,50", "12.50"), ("12.5", "12.5"), ("0,125", "0.125"), ("1234", "1234"),
        ("(1,234.50)", "-1234.50"), ("(12.50)", "-12.50"), ("12.50-", "-12.50"),
        ("-12.50", "-12.50"), ("−12,50", "-12.50"), ("+3", "3"), ("USD 1,200.00", "1200.00"),
        ("-USD 1,200.00", "-1200.00"), ("€ 12,50", "12.50"), ("12,50 EUR", "12.50"),
        ("¥1,234.5", "1234.5"), (".5", "0.5"), ("12,34,567.00", "1234567"),
    ],
)  # fmt: skip
def test_money_that_settles_itself_is_read(text: str, number: str) -> None:
    assert run([text], "decimal") == ([Decimal(number)], {})


def test_one_value_of_the_column_settles_the_others() -> None:
    assert run(["1,234", "12.50", "2,000"], "decimal")[0] == [1234, Decimal("12.50"), 2000]
    assert run(["1,234", "12,50", "2.000"], "decimal")[0] == [
        Decimal("1.234"), Decimal("12.50"), 2000
    ]  # fmt: skip


@pytest.mark.parametrize("column", [["1,234"], ["1.234", "99"], ["1,234", "1,234.50", "1.234,50"]])
def test_a_column_that_settles_nothing_is_refused_with_the_way_out(column: Values) -> None:
    values, refused = run(column, "decimal")
    assert values[0] is None
    assert "may be read in two ways" in refused[0]
    assert "transform: [{decimal: {decimal: '.', thousands: ','}}]" in refused[0]
    assert values[1:] == [v and (Decimal(99) if v == "99" else Decimal("1234.5"))
                          for v in column[1:]]  # fmt: skip


def test_named_signs_leave_nothing_open_and_misplaced_ones_are_noticed() -> None:
    point = {"decimal": {"decimal": ".", "thousands": ","}}
    assert run(["1,234"], point) == ([Decimal(1234)], {})
    assert run(["1,234"], {"decimal": {"thousands": "."}}) == ([Decimal("1.234")], {})
    values, refused = run(["1,23.00", "1.234,50"], point)
    assert values == [None, None]
    assert "unexpected place" in refused[0]
    assert sorted(refused) == [0, 1]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-31", date(2026, 1, 31)), ("2026/1/5", date(2026, 1, 5)),
        ("20260131", date(2026, 1, 31)), ("2026年1月31日", date(2026, 1, 31)),
        ("31/01/2026", date(2026, 1, 31)), ("01/31/2026", date(2026, 1, 31)),
        ("03.04.2026", date(2026, 4, 3)), ("31-Jan-2026", date(2026, 1, 31)),
        ("31 January 2026", date(2026, 1, 31)), ("Jan 31, 2026", date(2026, 1, 31)),
        ("05/05/2026", date(2026, 5, 5)), ("2026-01-31T23:30:00.000+0000", date(2026, 1, 31)),
        ("31/01/2026 00:00", date(2026, 1, 31)), ("1/31/2026 12:00:00 AM", date(2026, 1, 31)),
        ("9999-12-31", date(9999, 12, 31)),
    ],
)  # fmt: skip
def test_dates_that_settle_themselves_are_read(text: str, day: date) -> None:
    assert run([text], "date") == ([day], {})


def test_one_date_of_the_column_settles_the_order_of_the_others() -> None:
    assert run(["03/04/2026", "31/01/2026"], "date")[0][0] == date(2026, 4, 3)
    assert run(["03/04/2026", "01/31/2026"], "date")[0][0] == date(2026, 3, 4)


@pytest.mark.parametrize("others", [[], ["2026-01-01"], ["31/01/2026", "01/31/2026"]])
def test_an_order_that_nothing_settles_is_refused(others: Values) -> None:
    values, refused = run(["03/04/2026", *others], "date")
    assert values[0] is None
    assert None not in values[1:]
    assert "day first or month first" in refused[0]
    assert "transform: [{date: {day_first: true}}]" in refused[0]


def test_a_named_order_or_form_is_kept() -> None:
    assert run(["03/04/2026"], {"date": {"day_first": True}})[0] == [date(2026, 4, 3)]
    assert run(["03/04/2026"], {"date": {"day_first": False}})[0] == [date(2026, 3, 4)]
    assert run(["310126"], {"date": {"formats": ["%Y-%m-%d", "%d%m%y"]}})[0] == [date(2026, 1, 31)]
    assert "of the form %Y" in run(["31"], {"date": {"formats": ["%Y"]}})[1][0]
    assert "not a day of the calendar" in run(["30/02/2026"], "date")[1][0]
    assert "not a day of the calendar" in run(["01/31/2026"], {"date": {"day_first": True}})[1][0]


def test_what_one_page_proved_holds_for_the_file() -> None:
    memory: dict[str, object] = {}
    step = read_step("date")
    run_transforms(["31/01/2026"], [step], ColumnWork(memory=memory))
    later = ColumnWork(memory=memory)
    assert run_transforms(["03/04/2026"], [step], later) == [date(2026, 4, 3)]
    against = ColumnWork(memory=memory)
    values = run_transforms(["03/04/2026", "01/31/2026"], [step], against)
    assert values == [None, date(2026, 1, 31)]
    assert list(against.refused) == [0]
