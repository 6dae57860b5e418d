"""Working days, the Spring Festival, and grace that counts them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from connector.credit.calendars import (
    add_working_days,
    calendar_rows,
    festival_days,
    is_working_day,
    last_past_grace,
)
from connector.credit.facts import CALENDAR_SCHEMA, Facts
from connector.credit.metrics.grace import with_grace
from connector.credit.policy.document import PolicyDoc
from connector.credit.policy.terms import CalendarDoc

D = date.fromisoformat
PLAIN = CalendarDoc()


@pytest.mark.parametrize(
    ("day", "country", "works"),
    [
        ("2025-06-27", "CN", True),
        ("2025-06-28", "CN", False),  # a Saturday
        ("2025-10-01", "CN", False),  # National Day
        ("2025-10-11", "CN", True),  # a Saturday that is worked (调休)
        ("2025-10-03", "DE", False),  # a holiday there only
        ("2025-10-03", "US", True),
        ("2025-06-20", "SA", False),  # a Friday, where the weekend begins
        ("2025-06-27", "XX", True),  # a country that no calendar knows has weekends
        ("2025-06-28", "XX", False),
        ("2025-12-25", None, True),
        # Beyond the years that the calendars cover there is no warning either.
        ("2099-09-23", "CN", True),
        ("2099-10-03", "CN", False),
    ],
)
def test_working_days_of_countries(day: str, country: str | None, works: bool) -> None:
    assert is_working_day(D(day), country, PLAIN) is works


def test_the_companys_own_days_come_first() -> None:
    rules = CalendarDoc(
        days_off={"CN": (D("2025-06-27"),)}, working_days={"CN": (D("2025-06-28"),)}
    )
    assert not is_working_day(D("2025-06-27"), "CN", rules)
    assert is_working_day(D("2025-06-28"), "CN", rules)
    assert is_working_day(D("2025-06-27"), "DE", rules)


@pytest.mark.parametrize(
    ("day", "count", "country", "expected"),
    [
        ("2025-06-27", 0, "DE", "2025-06-27"),
        ("2025-06-28", 0, "DE", "2025-06-30"),
        ("2025-06-27", 3, "DE", "2025-07-02"),
        ("2025-09-30", 1, "CN", "2025-10-09"),  # over the whole National Day week
        ("2025-10-10", 1, "CN", "2025-10-11"),  # onto the Saturday that is worked
    ],
)
def test_so_many_working_days_later(day: str, count: int, country: str, expected: str) -> None:
    assert add_working_days(D(day), count, country, PLAIN) == D(expected)


def test_a_year_of_days_off_is_refused_instead_of_searched_for_ever() -> None:
    start = D("2025-01-01")
    rules = CalendarDoc.model_construct(
        days_off={"DE": frozenset(start + timedelta(n) for n in range(1500))}, working_days={}
    )
    with pytest.raises(ValueError, match="no working day"):
        add_working_days(start, 1, "DE", rules)


@pytest.mark.parametrize("grace", [0, 1, 3])
def test_grace_is_over_on_the_day_after_its_last_working_day(grace: int) -> None:
    """The boundary against counting forwards from every due date."""
    for offset in range(0, 60, 7):
        as_of = D("2025-09-20") + timedelta(offset)
        last = last_past_grace(as_of, grace, "CN", PLAIN)
        for due in (last + timedelta(n) for n in range(-5, 12)):
            start = add_working_days(due, 0, "CN", PLAIN)
            over = add_working_days(start, grace, "CN", PLAIN) < as_of
            assert over == (due <= last), (as_of, due)


def test_the_spring_festival_gives_more_grace_where_the_policy_says_so() -> None:
    rules = CalendarDoc(festival_days=5)
    days = festival_days(2025, "CN", rules)
    assert (min(days), max(days)) == (D("2025-01-23"), D("2025-02-09"))
    assert festival_days(2025, "DE", rules) == festival_days(2025, "CN", PLAIN) == frozenset()
    as_of = D("2025-02-12")
    plain = last_past_grace(as_of, 3, "CN", PLAIN)
    assert plain == D("2025-02-07")  # 8 February was worked
    assert last_past_grace(as_of, 3, "CN", rules) == D("2025-01-21")


def test_grace_of_the_customers_country(tables: Any, policy: PolicyDoc) -> None:
    ageing = policy.ageing.model_copy(update={"grace_unit": "working_days"})
    told = policy.model_copy(update={"ageing": ageing})
    as_of = D("2025-10-09")  # the first working day in China after eight days off
    days = calendar_rows(told, as_of, ["CN", "DE", None])
    assert {row["country"]: row["last_past_grace"] for row in days.to_pylist()} == {
        "": D("2025-10-03"), "CN": D("2025-09-26"), "DE": D("2025-10-02"),
    }  # fmt: skip
    items = [
        {"party_id": party, "days_past_due": 6, "due_date": D("2025-10-03"), "amount": Decimal(1)}
        for party in ("CN", "DE", "unknown", "FR")
    ]
    kinds = {"party_id": "string", "days_past_due": "int64", "due_date": "date",
             "amount": "decimal(18,4)"}  # fmt: skip
    parties = [{"party_id": name, "country": name if len(name) == 2 else None}
               for name in ("CN", "DE", "FR", "unknown")]  # fmt: skip
    facts = Facts(
        {
            "calendar": tables.backend.create_table("calendar", days),
            "party": tables.make("party", {"party_id": "string", "country": "string"}, parties),
        }
    )
    t = tables.make("items", kinds, items)
    found = {r["party_id"]: r["past_grace"] for r in tables.rows(with_grace(t, facts, ageing))}
    assert found == {"CN": False, "DE": False, "unknown": True, "FR": True}
    plain = tables.rows(with_grace(t, facts, policy.ageing))
    assert all(row["past_grace"] for row in plain)
    none = Facts({**facts.tables, "calendar": _empty(tables)})
    assert all(row["past_grace"] for row in tables.rows(with_grace(t, none, ageing)))
    assert calendar_rows(policy, as_of, ["CN"]).num_rows == 0


def _empty(tables: Any) -> Any:
    rows: pa.Table = CALENDAR_SCHEMA.empty_table()
    return tables.backend.create_table("no_calendar", rows)
