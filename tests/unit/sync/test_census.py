"""Census: what no pull can find is found, repaired and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from connector.errors import BudgetError, RedRunError, WaitsForPersonError
from connector.ports.allowance import Pressure
from connector.ports.crm import Budget, Page, PullRequest
from connector.sync.census import CensusReport, is_census_due, take_census
from connector.sync.guard import GuardLimits
from connector.sync.intake import Intake, take_in_connection
from connector.testing.builders import invoice_values
from connector.testing.faults import Trouble
from tests.unit.sync.workplace import Workplace

OpenWorkplace = Callable[..., Workplace]
LIMITS = GuardLimits(Decimal(1), Decimal(1), Decimal("0.5"), 3)


def take_in(place: Workplace, *, census: bool = False) -> Intake:
    place.clock.move(seconds=60)
    return take_in_connection(replace(place.desk(), census=census), place.connection)


def of(reports: list[CensusReport], feed: str) -> CensusReport:
    return next(report for report in reports if report.feed == feed)


def names(place: Workplace) -> list[str]:
    rows = place.ledger.query("SELECT name FROM account_current ORDER BY name").to_pylist()
    return [row["name"] for row in rows]


def test_a_record_that_was_committed_too_late_is_found(place: Workplace) -> None:
    """Stamped at once, committed an hour later: behind every cursor and its overlap."""
    place.crm.add("Account", {"Name": "slow"}, visible_after=3600)
    place.clock.move(seconds=1800)
    place.crm.add("Account", {"Name": "prompt"})
    take_in(place)
    place.clock.move(hours=1)
    take_in(place)
    assert names(place) == ["prompt"]
    reports = take_in(place, census=True).census
    assert of(reports, "account") == CensusReport("crm", "account", listed=2, late_found=1)
    assert names(place) == ["prompt", "slow"]
    assert of(take_in(place, census=True).census, "account").late_found == 0


def test_a_change_that_was_committed_too_late_is_found(place: Workplace) -> None:
    account = place.crm.add("Account", {"Name": "before"})
    take_in(place)
    place.clock.move(hours=1)
    place.crm.edit("Account", account, {"Name": "after"}, visible_after=3600)
    place.clock.move(seconds=1800)
    place.crm.add("Account", {"Name": "other"})
    take_in(place)
    place.clock.move(hours=1)
    take_in(place)
    assert names(place) == ["before", "other"]
    assert of(take_in(place, census=True).census, "account").late_found == 1
    assert names(place) == ["after", "other"]


def test_what_the_next_pull_will_find_is_not_called_late(place: Workplace) -> None:
    take_in(place)
    desk = replace(place.desk(), census=True)
    place.crm.add("Account", {"Name": "just now"})
    assert of(take_census(desk, place.connection), "account").late_found == 0
    take_in(place)
    assert names(place) == ["just now"]


def test_records_that_are_gone_for_good_go(place: Workplace) -> None:
    kept, erased, loser = (place.crm.add("Account", {"Name": n}) for n in ("kept", "gone", "lost"))
    take_in(place)
    place.clock.move(hours=1)
    take_in(place)
    place.crm.erase("Account", erased)
    place.crm.delete("Account", loser, merged_into=kept)
    report = of(take_in(place, census=True).census, "account")
    assert (report.ghosts, report.listed) == (1, 1)  # the merge came with the pull
    assert names(place) == ["kept"]
    merged = place.ledger.query("SELECT id, merged_into FROM gone ORDER BY id").to_pylist()
    assert {row["id"]: row["merged_into"] for row in merged} == {erased: None, loser: kept}


def test_rows_of_an_account_that_is_not_there_are_counted(place: Workplace) -> None:
    account = place.crm.add("Account", {"Name": "A"})
    for owner in (account, "nobody"):
        place.crm.add("Invoice", invoice_values(owner, owner, 100))
    take_in(place)
    assert of(take_in(place, census=True).census, "invoice").orphans == 1


def test_a_row_with_a_problem_is_not_missing_but_can_be_gone(place: Workplace) -> None:
    broken = place.crm.add("Account", {"Name": None})
    take_in(place)
    assert place.ledger.problems().num_rows == 1
    place.clock.move(days=1)
    take_in(place)
    assert of(take_in(place, census=True).census, "account").late_found == 0
    place.crm.erase("Account", broken)
    assert of(take_in(place, census=True).census, "account").ghosts == 1
    assert place.ledger.problems().num_rows == 0


def test_a_list_that_lost_most_of_its_ids_waits_for_a_person(place: Workplace) -> None:
    ids = [place.crm.add("Account", {"Name": str(n)}) for n in range(6)]
    take_in(place)
    for one in ids[:4]:
        place.crm.erase("Account", one)
    place.clock.move(days=1)
    desk = replace(place.desk(), census=True, guard=LIMITS)
    with pytest.raises(WaitsForPersonError, match="fell from 6 to 2"):
        take_census(desk, place.connection)
    assert len(names(place)) == 6
    take_census(replace(desk, accept_shrunk_lists=True), place.connection)
    assert len(names(place)) == 2


def test_a_list_that_does_not_tie_changes_nothing(place: Workplace) -> None:
    place.crm.add("Account", {"Name": "A"})
    take_in(place)
    place.crm.fail("pull", Trouble.MISCOUNT)
    with pytest.raises(RedRunError, match="account"):
        take_census(replace(place.desk(), census=True), place.connection)
    assert names(place) == ["A"]


# -- when --------------------------------------------------------------------------------------


def test_a_census_is_due_every_so_many_days(place: Workplace) -> None:
    place.crm.add("Account", {"Name": "A"})
    assert take_in(place).census == []  # the first reading of everything was one
    place.clock.move(days=6)
    assert take_in(place).census == []
    place.clock.move(days=1)
    assert take_in(place).census
    assert take_in(place).census == []
    place.connection.census_days = 0
    place.clock.move(days=30)
    assert take_in(place).census == []
    assert take_in(place, census=True).census


def test_a_connection_that_was_never_pulled_has_none(place: Workplace) -> None:
    assert not is_census_due(replace(place.desk(), census=True), place.connection)


def test_it_is_the_first_thing_left_out_when_calls_are_short(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.crm.add("Account", {"Name": "A"})
    take_in(place)
    place.clock.move(days=8)
    short = Budget(used=60, allowed=100, left=20, pressure=Pressure.NO_CENSUS)
    monkeypatch.setattr(place.crm, "budget", lambda: short)
    intake = take_in(place)
    assert intake.feeds
    assert {report.skipped for report in intake.census} == {True}
    monkeypatch.undo()
    assert not any(report.skipped for report in take_in(place).census)


def test_calls_that_run_out_on_the_way_leave_the_rest_for_later(place: Workplace) -> None:
    place.crm.add("Account", {"Name": "A"})
    take_in(place)
    place.crm.fail("pull", Trouble.BUDGET, times=9)
    reports = take_census(replace(place.desk(), census=True), place.connection)
    assert all(report.skipped for report in reports)
    with pytest.raises(BudgetError):
        place.crm.pull(place.connection.mapping.feeds[0].request(None)).__next__()


def test_deletions_that_the_source_forgot_are_looked_for_until_a_census_was_taken(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Goes red when a shortage of calls, or a crash, right after the pull forgets about them."""
    place.connection.census_days = 0
    erased = place.crm.add("Account", {"Name": "gone"})
    place.crm.add("Account", {"Name": "kept"})
    take_in(place)
    place.crm.erase("Account", erased)
    pull = place.crm.pull

    def forgetful(request: PullRequest) -> Iterator[Page]:
        for page in pull(request):
            yield replace(page, incomplete=request.mode == "changes")

    short = Budget(used=60, allowed=100, left=20, pressure=Pressure.NO_CENSUS)
    with monkeypatch.context() as patch:
        patch.setattr(place.crm, "pull", forgetful)
        patch.setattr(place.crm, "budget", lambda: short)
        assert {report.skipped for report in take_in(place).census} == {True}
    assert names(place) == ["gone", "kept"]
    assert of(take_in(place).census, "account").ghosts == 1
    assert names(place) == ["kept"]
    assert take_in(place).census == []
