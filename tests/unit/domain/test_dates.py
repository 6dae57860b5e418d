from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.dates import TermsRule, due_date, end_of_month

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1))
NET = st.integers(min_value=0, max_value=365)


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        (TermsRule.NET, date(2025, 3, 12)),
        (TermsRule.NET_THEN_END_OF_MONTH, date(2025, 3, 31)),
        (TermsRule.END_OF_MONTH_THEN_NET, date(2025, 3, 30)),
    ],
    ids=["TERM-1 net30", "TERM-1 net30_then_EOM", "TERM-1 EOM_plus_30"],
)
def test_terms_differ_in_small_words(rule: TermsRule, due: date) -> None:
    assert due_date(date(2025, 2, 10), 30, rule) == due


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2024, 2, 1), date(2024, 2, 29)),
        (date(2025, 2, 28), date(2025, 2, 28)),
        (date(2000, 2, 29), date(2000, 2, 29)),
        (date(1900, 2, 10), date(1900, 2, 28)),
        (date(2025, 12, 31), date(2025, 12, 31)),
        (date(2025, 4, 1), date(2025, 4, 30)),
    ],
)
def test_the_end_of_the_month_knows_leap_years(day: date, last: date) -> None:
    assert end_of_month(day) == last


def test_net_is_the_rule_when_none_is_named_and_zero_days_is_today() -> None:
    assert due_date(date(2025, 1, 31), 30) == date(2025, 3, 2)
    assert due_date(date(2025, 1, 31), 0) == date(2025, 1, 31)


@given(DAYS)
def test_the_end_of_a_month_is_the_day_before_the_first(day: date) -> None:
    last = end_of_month(day)
    assert (last.year, last.month) == (day.year, day.month)
    assert (last + timedelta(days=1)).day == 1
    assert end_of_month(last) == last


@given(DAYS, NET)
def test_no_rule_falls_due_before_plain_net(day: date, net: int) -> None:
    plain = due_date(day, net)
    assert plain == day + timedelta(days=net)
    assert due_date(day, net, TermsRule.NET_THEN_END_OF_MONTH) == end_of_month(plain)
    assert due_date(day, net, TermsRule.END_OF_MONTH_THEN_NET) >= plain


@given(DAYS, st.integers(min_value=1, max_value=27), NET)
def test_within_a_month_the_end_of_month_rule_gives_one_day(day: date, step: int, net: int) -> None:
    other = day.replace(day=step)
    rule = TermsRule.END_OF_MONTH_THEN_NET
    assert due_date(day, net, rule) == due_date(other, net, rule)
