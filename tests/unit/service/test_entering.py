"""What people enter: landed like a feed, once, and gone from the ledger when it is withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from connector.errors import InputError, StateError
from connector.ledger import open_snapshot
from connector.ports.entering import ENTERED_CONNECTION, FactRevision
from connector.service.entering import (
    Author,
    add_fact,
    change_fact,
    list_facts,
    name_accounts,
    show_fact,
    withdraw_fact,
)
from connector.service.main_job import plan_only, pull_only, run_main_job
from connector.service.office import Office
from tests.unit.service.offices import build_office, crm_of
from tests.unit.sync import small_engine

pytestmark = pytest.mark.usefixtures("small_credit")

ANN = Author("ann", "told on the phone")
PROMISE = {
    "amount": "500", "currency": "EUR", "made_on": "2026-03-01", "promised_on": "2026-03-20",
}  # fmt: skip


def linked(office: Office, entity: str = "promise") -> list[dict[str, Any]]:
    with open_snapshot(office.snapshots) as snapshot:
        rows: list[dict[str, Any]] = snapshot.query(
            f'SELECT * FROM linked."{entity}" ORDER BY id'
        ).to_pylist()
        return rows


def landings(office: Office) -> int:
    with open_snapshot(office.snapshots) as snapshot:
        told = snapshot.query(
            "SELECT count(*) AS n FROM landing WHERE connection = ?", [ENTERED_CONNECTION]
        )
        return int(told.to_pylist()[0]["n"])


@pytest.fixture
def settled(office: Office) -> Office:
    run_main_job(office)
    return office


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office after its first run, for tests that enter nothing or run no more."""
    office = build_office(tmp_path_factory.mktemp("shared") / "state")
    with patch("connector.sync.decide.decide", small_engine.decide):
        run_main_job(office)
    yield office
    office.close()


def enter(office: Office, **more: str) -> FactRevision:
    return add_fact(office, "promise", "10001", {**PROMISE, **more}, ANN)


def test_an_entered_fact_lands_with_its_customer_at_the_next_run(settled: Office) -> None:
    made = enter(settled)
    report = run_main_job(settled)
    assert report.decided is not None
    assert report.decided.changed is not None  # it was news
    (row,) = linked(settled)
    account = crm_of(settled).records("Account")
    assert (row["connection"], row["id"]) == (ENTERED_CONNECTION, made.fact_id)
    assert row["party_id"] == f"acc:crm:{next(iter(account))}"
    assert (str(row["amount"]), row["promised_on"].isoformat()) == ("500.0000", "2026-03-20")
    (feed,) = [f for f in report.feeds if f.connection == ENTERED_CONNECTION]
    assert (feed.records, feed.new) == (1, 1)


def test_who_enters_is_answered_in_their_language(shared: Office) -> None:
    with pytest.raises(InputError) as told:
        add_fact(
            shared, "promise", "10001", {**PROMISE, "amount": "x"}, replace(ANN, language="zh")
        )
    assert list(told.value.problems) == ["amount：x 不是数字；请写成 1234.56。"]


def test_nothing_lands_twice_and_nothing_entered_lands_nothing(settled: Office) -> None:
    assert landings(settled) == 0
    enter(settled)
    for _again in range(3):
        report = run_main_job(settled)
    assert report.decided is not None
    assert report.decided.changed is None
    assert landings(settled) == 1


def test_what_is_changed_or_withdrawn_follows(settled: Office) -> None:
    first, second = enter(settled), enter(settled, number="P-2")
    run_main_job(settled)
    change_fact(settled, first.fact_id, {"amount": "300", "note": "less"}, ANN)
    withdraw_fact(settled, second.fact_id, Author("bob", "was a mistake"))
    report = run_main_job(settled)
    (row,) = linked(settled)
    assert (row["id"], str(row["amount"]), row["note"]) == (first.fact_id, "300.0000", "less")
    (feed,) = [f for f in report.feeds if f.connection == ENTERED_CONNECTION]
    assert (feed.records, feed.changed, feed.deleted) == (2, 1, 1)
    withdraw_fact(settled, first.fact_id, ANN)
    run_main_job(settled)
    assert linked(settled) == []
    assert [r.withdrawn for r in show_fact(settled, first.fact_id)] == [False, False, True]


def test_planning_knows_what_was_entered_without_a_pull(settled: Office) -> None:
    enter(settled)
    plan_only(settled)
    assert len(linked(settled)) == 1


def test_the_truth_says_whether_entered_facts_count(settled: Office) -> None:
    enter(settled)
    for named, counted in ((None, 1), (("crm",), 0), (("crm", "entered"), 1), (("entered",), 1)):
        settled.house = replace(settled.house, truth={"promise": named} if named else {})
        plan_only(settled)
        assert len(linked(settled)) == counted, named


def test_an_entered_limit_and_a_fact_of_no_customer_land(settled: Office) -> None:
    add_fact(settled, "limit", "Säumig", {"state": "cash_only", "currency": "EUR"}, ANN)
    policy = {"number": "V-1", "insurer": "Insurer AG", "currency": "EUR"}
    add_fact(settled, "insurance_policy", "", policy, ANN)
    run_main_job(settled)
    assert [row["state"] for row in linked(settled, "limit")] == ["cash_only"]
    assert [row["number"] for row in linked(settled, "insurance_policy")] == ["V-1"]


def test_facts_are_listed_by_entity_and_by_customer(shared: Office) -> None:
    made = enter(shared)
    dispute = {"currency": "EUR", "opened_on": "2026-03-01"}
    other = add_fact(shared, "dispute", "10002", dispute, ANN)
    assert [f.fact_id for f in list_facts(shared)][-2:] == [made.fact_id, other.fact_id]
    assert [f.fact_id for f in list_facts(shared, "dispute")] == [other.fact_id]
    assert other not in list_facts(shared, account="10001")
    assert made in list_facts(shared, account="10001")
    assert name_accounts(shared, [made])[made.fact_id] == "Muster AG"


@pytest.mark.parametrize(
    ("entity", "account", "given", "told"),
    [
        ("invoice", "10001", {}, "invoice is nothing that people enter"),
        ("promise", "", PROMISE, "promise needs the account"),
        ("insurance_policy", "10001", {}, "insurance_policy belongs to no account"),
        ("promise", "99999", PROMISE, "No account fits 99999"),
        ("promise", "Muster", PROMISE, "2 accounts fit Muster"),
        ("promise", "10001", {**PROMISE, "amount": "much"}, "1 value"),
        ("promise", "10001", {**PROMISE, "made_on": "2027-01-01"}, "1 value"),
        ("promise", "10001", {**PROMISE, "account_key": "x"}, "account_key cannot be given"),
    ],
)
def test_what_cannot_be_entered_is_refused_and_nothing_is_kept(
    shared: Office, entity: str, account: str, given: dict[str, str], told: str
) -> None:
    before = list_facts(shared)
    with pytest.raises(InputError, match=told) as caught:
        add_fact(shared, entity, account, given, ANN)
    assert caught.value.next_step
    assert list_facts(shared) == before


def test_problems_are_told_in_the_companys_language(shared: Office) -> None:
    house, shared.house = shared.house, replace(shared.house, language="zh")
    with pytest.raises(InputError) as caught:
        add_fact(shared, "promise", "10001", {**PROMISE, "amount": "-1"}, ANN)
    shared.house = house
    assert "小于零" in caught.value.problems[0]


def test_unknown_withdrawn_and_unchanged_facts_are_told(shared: Office) -> None:
    made = enter(shared)
    with pytest.raises(InputError, match="There is no fact nothing"):
        change_fact(shared, "nothing", {"amount": "1"}, ANN)
    with pytest.raises(InputError, match="says so already"):
        change_fact(shared, made.fact_id, {"amount": "500.00"}, ANN)
    withdraw_fact(shared, made.fact_id, ANN)
    with pytest.raises(InputError, match="was withdrawn by ann on"):
        withdraw_fact(shared, made.fact_id, ANN)


@pytest.mark.parametrize("why", ["", "  ", "x" * 501, "a\nb", "\x1b[31m"])
def test_everything_has_a_reason_that_can_be_read(why: str) -> None:
    with pytest.raises(InputError, match="needs a name and a reason"):
        Author("ann", why)


def test_before_the_first_run_nobody_can_be_named(office: Office) -> None:
    with pytest.raises(StateError, match="no copy of the ledger"):
        enter(office)
    pull_only(office)
    with pytest.raises(StateError, match="nothing was decided about them"):
        enter(office)
