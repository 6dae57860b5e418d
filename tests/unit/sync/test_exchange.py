"""A CRM with several currencies: each record holds amounts in its own."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.domain.change import Change, Plan
from connector.ledger import Ledger
from connector.sync.adopt import adopt, compare_adopted
from connector.sync.exchange import fill_run_rates, settle_rates
from connector.sync.plan import Mirrors, plan_updates
from connector.testing.builders import (
    account_object,
    breakdown_row,
    decision_row,
    decision_tables,
    field_info,
    mapping_text,
    object_info,
)
from tests.unit.sync.workplace import WORDING, Workplace, house

SHARE = Decimal("0.05")
USD = Decimal("0.8")  # euro for one dollar


def mapping_with_currency() -> str:
    document = json.loads(mapping_text(owners={"limit": "ask"}))
    fields = document["entities"]["account"]["fields"]
    fields["currency"] = {"path": "RecordCurrency", "default": "$currency", "optional": True}
    return json.dumps(document)


@pytest.fixture
def place(place: Workplace) -> Workplace:
    """A CRM in which each account has a currency, and a company in euro."""
    known = [f for f in account_object().fields.values() if f.createable]
    place.crm.define(object_info("Account", *known, field_info("RecordCurrency")))
    place.reconnect(mapping_with_currency())
    quote(place, USD=USD)
    return place


def quote(place: Workplace, **rates: Decimal) -> None:
    """The rates of today: euro for one unit."""
    place.house = house(rates=rates)
    fill_run_rates(place.ledger, "EUR", rates, place.today)


def account(place: Workplace, currency: str | None, **values: object) -> str:
    return place.crm.add("Account", {"Name": "Muster AG", "RecordCurrency": currency, **values})


def row(record_id: str, place: Workplace, **cells: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "approved_state": "amount", "approved_amount": Decimal(1000),
        "available": Decimal(900), "net_exposure": Decimal(100), "overdue": Decimal(40),
        "as_of": place.today, "decision_hash": "same",
    }  # fmt: skip
    return decision_row(f"acc:crm:{record_id}", **{**usual, **cells})


def written(change: Change) -> dict[str, str | None]:
    return {f.credit_field: f.ours for f in change.writes}


def settle(place: Workplace, plan: Plan) -> None:
    place.push(plan)
    place.take_in()


def test_each_record_holds_amounts_in_its_own_currency(place: Workplace) -> None:
    records = [account(place, "USD"), account(place, "EUR"), account(place, None)]
    place.take_in()
    plan = place.plan([row(record, place) for record in records])
    told = {c.record_id: written(c) for c in plan.changes}
    names = ("limit", "proposed_limit", "exposure", "available", "overdue", "currency", "grade")
    assert [told[records[0]][n] for n in names] == \
        ["1250", "1250", "125", "1125", "50", "USD", "A"]  # fmt: skip
    for record in records[1:]:
        assert [told[record][n] for n in names] == \
            ["1000", "1000", "100", "900", "40", "EUR", "A"]  # fmt: skip


def test_the_ageing_is_told_in_the_records_currency_too(place: Workplace) -> None:
    record = account(place, "USD")
    place.take_in()
    buckets = [
        breakdown_row(f"acc:crm:{record}", name, number, amount)
        for number, (name, amount) in enumerate(
            (("current", "100"), ("1_30", "0"), ("over_120", "8.04"))
        )
    ]
    (change,) = place.plan([row(record, place)], breakdown=buckets).changes
    assert json.loads(written(change)["ageing"] or "") == {
        "buckets": [["current", "125.00"], ["1_30", "0.00"], ["over_120", "10.05"]]
    }


def test_an_org_of_one_other_currency_is_treated_alike(place: Workplace) -> None:
    place.connection.currency = "USD"
    record = account(place, None)
    place.take_in()
    (change,) = place.plan([row(record, place)]).changes
    assert (written(change)["exposure"], written(change)["currency"]) == ("125", "USD")


def test_planning_the_result_of_a_plan_gives_nothing(place: Workplace) -> None:
    records = [account(place, "USD"), account(place, "EUR")]
    place.take_in()
    rows = [row(record, place) for record in records]
    settle(place, place.plan(rows))
    assert place.plan(rows).changes == ()


def test_without_a_rate_no_amount_is_written_and_the_record_is_named(place: Workplace) -> None:
    lacking, known = account(place, "GBP", Exposure=Decimal(7)), account(place, "USD")
    place.take_in()
    tables = decision_tables([row(lacking, place), row(known, place)])
    tables["wording"] = WORDING.empty_table()
    compared = plan_updates(
        place.ledger, "crm", place.connection.mapping.targets, tables,
        Mirrors(place.store.last_written("crm"), place.store.adopted("crm")), place.quiet,
    )  # fmt: skip
    told = {c.record_id: written(c) for c in compared.changes}
    assert set(told[lacking]) == {"score", "grade", "colour", "hold", "next_review"}
    assert told[known]["exposure"] == "125"
    (named,) = compared.unwritable
    assert named.record_id == lacking
    assert "EUR to GBP" in named.reason
    assert "Exposure" in named.field
    settle(place, place.plan([row(lacking, place)]))
    assert place.held(lacking, "Exposure", "Grade") == (Decimal(7), "A")


def test_small_moves_of_a_rate_rewrite_nothing_and_large_ones_do(place: Workplace) -> None:
    record = account(place, "USD")
    place.take_in()
    settle(place, place.plan([row(record, place)]))
    for day in range(5):
        place.clock.move(days=1)
        land_rate(place, Decimal("0.8") + Decimal("0.006") * (day % 3 - 1))
        assert place.plan([row(record, place)]).changes == (), day
    place.clock.move(days=1)
    land_rate(place, Decimal("0.5"))
    (change,) = place.plan([row(record, place)]).changes
    assert (written(change)["limit"], written(change)["exposure"]) == ("2000", "200")
    settle(place, place.plan([row(record, place)]))
    assert place.plan([row(record, place)]).changes == ()


def land_rate(place: Workplace, rate: Decimal) -> None:
    """Today's rate as a fact beside those of the days before."""
    days = place.ledger.query("SELECT rate_date, rate FROM fx WHERE currency = 'USD'")
    history = dict(zip(days["rate_date"].to_pylist(), days["rate"].to_pylist(), strict=True))
    fill_run_rates(place.ledger, "EUR", {"USD": USD}, place.today)
    for day, known in {**history, place.today: rate}.items():
        place.ledger.connection.execute(
            "UPDATE fx SET rate = ? WHERE currency = 'USD' AND rate_date = ?", [known, day]
        )


def test_a_small_change_of_the_limit_is_written_to_the_cent(place: Workplace) -> None:
    record = account(place, "USD")
    place.take_in()
    settle(place, place.plan([row(record, place)]))
    place.clock.move(days=1)
    land_rate(place, Decimal("0.801"))
    (change,) = place.plan([row(record, place, approved_amount=Decimal("1010"))]).changes
    assert written(change)["limit"] == "1262.5"


def test_a_record_that_changes_its_currency_changes_all_amounts(place: Workplace) -> None:
    quote(place, USD=USD, CHF=Decimal("0.98"))
    record = account(place, "EUR")
    place.take_in()
    settle(place, place.plan([row(record, place)]))
    place.crm.edit("Account", record, {"RecordCurrency": "CHF"})
    place.take_in()
    (change,) = place.plan([row(record, place)]).changes
    told = written(change)
    assert (told["currency"], told["exposure"], told["limit"]) == ("CHF", "102.04", "1020.41")


@pytest.mark.parametrize("currency", ["USD", "EUR", "GBP"])
def test_a_limit_found_in_the_crm_is_taken_over_at_its_worth(
    place: Workplace, currency: str
) -> None:
    record = account(place, currency, Limit=Decimal(5000), LimitState="amount")
    place.take_in()
    adopt(place.desk(), place.connection)
    found = place.store.approved_limits().to_pylist()
    worth = {"USD": [Decimal(4000)], "EUR": [Decimal(5000)], "GBP": []}[currency]
    assert [limit["amount"] for limit in found] == worth
    assert {limit["currency"] for limit in found} <= {"EUR"}
    tables = decision_tables([row(record, place, proposed_amount=Decimal(1000))])
    compared = {
        r["credit_field"]: r for r in compare_adopted(place.desk(), place.connection, tables)
    }
    ours = {"USD": "1250.00", "EUR": "1000.00", "GBP": None}[currency]
    assert (compared["limit"]["theirs"], compared["limit"]["ours"]) == ("5000", ours)


def test_the_careful_limit_is_the_smaller_in_worth(place: Workplace) -> None:
    known = {"Registration": "HRB 4711", "Country": "DE", "LimitState": "amount"}
    account(place, "EUR", Limit=Decimal(4500), **known)
    account(place, "USD", Limit=Decimal(5000), **known)
    place.take_in()
    adopt(place.desk(), place.connection)
    (limit,) = place.store.approved_limits().to_pylist()
    assert limit["amount"] == Decimal(4000)


def test_a_limit_taken_over_stays_as_it_stands(place: Workplace) -> None:
    record = account(place, "USD", Limit=Decimal("3333.33"), LimitState="amount")
    place.take_in()
    adopt(place.desk(), place.connection)
    (limit,) = place.store.approved_limits().to_pylist()
    settle(place, place.plan([row(record, place, approved_amount=limit["amount"],
                                  approved_source="inherited")]))  # fmt: skip
    assert place.held(record, "Limit") == (Decimal("3333.33"),)


# -- the settled rate ----------------------------------------------------------------------------


def settled(ledger: Ledger, days: dict[date, Decimal], as_of: date) -> Decimal | None:
    rows = pa.table({"rate_date": list(days), "rate": list(days.values())})
    ledger.query(
        "CREATE OR REPLACE TABLE fx AS SELECT 'USD' AS currency, rate_date, "
        "CAST(rate AS DECIMAL(18,10)) AS rate FROM days", None, {"days": rows},
    )  # fmt: skip
    return settle_rates(ledger, ["USD"], as_of, SHARE).get("USD")


@given(moves=st.lists(st.integers(-80, 80), min_size=1, max_size=90))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_settled_rate_is_near_and_stands_still(place: Workplace, moves: list[int]) -> None:
    """Never further off than the tolerance; it changes only on days that leave it."""
    rate, days, before = Decimal(1), {}, None
    for number, move in enumerate(moves):
        rate *= 1 + Decimal(move) / 1000
        day = date(2026, 1, 1) + timedelta(days=number)
        days[day] = rate.quantize(Decimal("1e-10"))
        found = settled(place.ledger, days, day)
        assert found is not None
        assert abs(days[day] - found) <= SHARE * found
        if before is not None and abs(days[day] - before) <= SHARE * before:
            assert found == before
        before = found


def test_a_year_begins_with_its_own_rate(place: Workplace) -> None:
    days = {date(2025, 12, 31): Decimal(1), date(2026, 1, 1): Decimal("1.02")}
    assert settled(place.ledger, days, date(2025, 12, 31)) == 1
    assert settled(place.ledger, days, date(2026, 1, 1)) == Decimal("1.02")
    assert settled(place.ledger, days, date(2024, 1, 1)) is None


def test_without_any_rates_there_is_none(place: Workplace) -> None:
    place.ledger.connection.execute("DROP TABLE fx")
    assert settle_rates(place.ledger, ["USD"], place.today, SHARE) == {}
