"""Pull and land: nothing lost, everything counted, the cursor last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from connector.errors import RedRunError, WaitsForPersonError
from connector.sync.guard import GuardLimits
from connector.sync.land import FeedReport
from connector.sync.pull import pull_connection
from connector.testing.builders import invoice_values, mapping_text
from connector.testing.faults import Trouble
from tests.unit.sync.workplace import Workplace

OpenWorkplace = Callable[..., Workplace]
SNAPSHOT = {"invoice": {"feed": "snapshot", "id": "Number"}}
LIMITS = GuardLimits(Decimal(1), Decimal(1), Decimal("0.5"), 3)


def pull(place: Workplace, *, accept: bool = False) -> dict[str, FeedReport]:
    place.clock.move(seconds=60)
    desk = replace(place.desk(), guard=LIMITS, accept_shrunk_lists=accept)
    return {report.feed: report for report in pull_connection(desk, place.connection)}


def names(place: Workplace) -> list[str]:
    rows = place.ledger.query("SELECT name FROM account_current ORDER BY name").to_pylist()
    return [row["name"] for row in rows]


def open_amounts(place: Workplace) -> dict[str, Decimal]:
    rows = place.ledger.query("SELECT number, open_amount FROM invoice_current").to_pylist()
    return {row["number"]: row["open_amount"] for row in rows}


def add_accounts(place: Workplace, *wanted: str, **more: float) -> list[str]:
    return [place.crm.add("Account", {"Name": name}, **more) for name in wanted]  # type: ignore[arg-type]


# -- changes ---------------------------------------------------------------------------------------


def test_only_what_moved_is_read_again_and_has_no_effect(place: Workplace) -> None:
    add_accounts(place, "A", "B")
    first = pull(place)["account"]
    assert (first.records, first.new, first.re_read) == (2, 2, 0)
    seq = place.ledger.last_seq
    again = pull(place)["account"]
    assert (again.records, again.new, again.changed, again.re_read) == (2, 0, 0, 2)
    assert not place.ledger.dirty_since(seq)
    place.clock.move(days=1)
    add_accounts(place, "C")
    assert pull(place)["account"].new == 1
    assert pull(place)["account"].records == 1  # a day behind the newest, A and B are not asked for


def test_a_record_that_was_committed_late_is_found_behind_the_cursor(place: Workplace) -> None:
    """Goes red when the overlap is removed: the late record's stamp lies before the cursor."""
    add_accounts(place, "late", visible_after=300)
    place.clock.move(seconds=90)
    add_accounts(place, "prompt")
    pull(place)
    assert names(place) == ["prompt"]
    place.clock.move(seconds=300)
    pull(place)
    assert names(place) == ["late", "prompt"]


def test_records_of_the_same_second_all_arrive_over_many_pages(workplaces: OpenWorkplace) -> None:
    place = workplaces(page_size=2)
    add_accounts(place, *"ABCDE")
    report = pull(place)["account"]
    assert report.records == 5
    assert names(place) == list("ABCDE")


def test_deletions_and_merges_arrive(place: Workplace) -> None:
    gone, loser, winner = add_accounts(place, "gone", "loser", "winner")
    pull(place)
    place.crm.delete("Account", gone)
    place.crm.delete("Account", loser, merged_into=winner)
    assert pull(place)["account"].deleted == 2
    assert names(place) == ["winner"]
    merged = place.ledger.query("SELECT id, merged_into FROM gone ORDER BY id").to_pylist()
    assert {row["id"]: row["merged_into"] for row in merged} == {gone: None, loser: winner}


@pytest.mark.parametrize("trouble", [Trouble.MISCOUNT, Trouble.NO_END])
def test_a_read_that_does_not_tie_is_red_and_the_cursor_stays(
    workplaces: OpenWorkplace, trouble: Trouble
) -> None:
    """Goes red when the count check, or the demand for a last page, is removed."""
    place = workplaces(page_size=2)
    add_accounts(place, *"ABC")
    pull(place)
    before = place.ledger.cursor("crm", "account")
    place.clock.move(days=1)
    add_accounts(place, *"DEFGH")
    place.crm.fail("pull", trouble)
    with pytest.raises(RedRunError, match="account"):
        pull(place)
    assert place.ledger.cursor("crm", "account") == before
    pull(place)
    assert names(place) == list("ABCDEFGH")
    assert place.ledger.cursor("crm", "account") != before


def test_another_mapping_reads_everything_again(place: Workplace) -> None:
    add_accounts(place, "A", "B")
    pull(place)
    place.clock.move(days=9)
    add_accounts(place, "C")
    pull(place)
    assert pull(place)["account"].records == 1
    place.reconnect(mapping_text(credit_fields=("score", "grade")))  # other fields to mirror
    assert pull(place)["account"].records == 3
    assert pull(place)["account"].records == 1
    fields = {"account": {"fields": {"name": "Name", "account_number": "Registration"}}}
    place.reconnect(mapping_text(credit_fields=("score", "grade"), feeds=fields))
    assert pull(place)["account"].records == 3


def test_a_bad_row_is_a_problem_and_the_rest_goes_on(place: Workplace) -> None:
    (account,) = add_accounts(place, "A")
    good = place.crm.add("Invoice", invoice_values(account, "R-1", 100))
    bad = place.crm.add("Invoice", invoice_values(account, "R-2", 100, Issued=None))
    report = pull(place)["invoice"]
    assert (report.records, report.new, report.problems) == (2, 1, 1)
    assert open_amounts(place) == {"R-1": Decimal(100)}
    (problem,) = place.ledger.problems().to_pylist()
    assert (problem["record_id"], problem["field"]) == (bad, "invoice_date")
    place.crm.edit("Invoice", bad, {"Issued": "2026-01-05"})
    assert pull(place)["invoice"].new == 1
    assert place.ledger.problems().num_rows == 0
    assert good in place.crm.records("Invoice")


def test_the_counts_of_a_feed_add_up(workplaces: OpenWorkplace) -> None:
    place = workplaces(page_size=3)
    (account,) = add_accounts(place, "A")
    ids = [place.crm.add("Invoice", invoice_values(account, f"R-{n}", 100)) for n in range(7)]
    pull(place)
    place.crm.edit("Invoice", ids[0], {"Open": Decimal(40)})
    place.crm.edit("Invoice", ids[1], {"Amount": None})
    place.crm.delete("Invoice", ids[2])
    place.crm.add("Invoice", invoice_values(account, "R-9", 5))
    r = pull(place)["invoice"]
    assert (r.records, r.new, r.changed, r.deleted, r.problems, r.re_read) == (8, 1, 1, 1, 1, 4)
    assert r.records == r.new + r.changed + r.re_read + r.deleted + r.problems + r.skipped


# -- full lists ------------------------------------------------------------------------------------


@pytest.fixture
def listed(workplaces: OpenWorkplace) -> Workplace:
    """Ten open items on a full list that comes two rows a page."""
    place = workplaces(page_size=2)
    place.reconnect(mapping_text(feeds=SNAPSHOT))
    (account,) = add_accounts(place, "A")
    for number in range(10):
        place.crm.add("Invoice", invoice_values(account, f"R-{number}", 100))
    pull(place)
    return place


def replace_list(place: Workplace, *numbers: str | None) -> None:
    account = next(iter(place.crm.records("Account")))
    for record, values in place.crm.records("Invoice").items():
        if values["Number"] not in numbers:
            place.crm.delete("Invoice", record)
    there = {values["Number"] for values in place.crm.records("Invoice").values()}
    for number in numbers:
        if number not in there:
            place.crm.add("Invoice", {**invoice_values(account, "", 100), "Number": number})


def test_what_a_full_list_no_longer_names_was_cleared(listed: Workplace) -> None:
    replace_list(listed, *(f"R-{n}" for n in range(1, 10)))
    assert pull(listed)["invoice"].cleared == 1
    assert open_amounts(listed)["R-0"] == 0
    assert len(open_amounts(listed)) == 10


def test_a_line_without_a_number_proves_no_absence(listed: Workplace) -> None:
    replace_list(listed, *(f"R-{n}" for n in range(1, 10)), None)
    report = pull(listed)["invoice"]
    assert (report.cleared, report.problems) == (0, 1)
    assert open_amounts(listed)["R-0"] == 100


def test_a_list_that_lost_most_rows_clears_nothing_until_a_person_accepts_it(
    listed: Workplace,
) -> None:
    replace_list(listed, "R-0", "R-1", "R-2")
    before = listed.ledger.cursor("crm", "invoice")
    for _again in range(2):
        with pytest.raises(WaitsForPersonError, match="from 10 to 3 rows"):
            pull(listed)
        assert set(open_amounts(listed).values()) == {Decimal(100)}
        assert listed.ledger.cursor("crm", "invoice") == before
    assert pull(listed, accept=True)["invoice"].cleared == 7
    assert pull(listed)["invoice"].cleared == 0


def test_a_list_of_other_items_is_measured_against_the_list_before(listed: Workplace) -> None:
    """Rows that the same pull has landed already are not part of the list before."""
    replace_list(listed, *(f"N-{n}" for n in range(6)))
    report = pull(listed)["invoice"]
    assert (report.new, report.cleared) == (6, 10)
