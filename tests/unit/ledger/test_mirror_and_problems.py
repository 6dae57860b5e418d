"""The mirror of the CRM fields we write, and rows that could not be mapped."""

from __future__ import annotations

from typing import Any

from connector.ledger import Ledger
from tests.unit.ledger.batches import land, stamp


def seen(record: str, field: str, value: str | None) -> dict[str, str | None]:
    return {"object_name": "Account", "record_id": record, "field": field, "value": value}


def mirror(ledger: Ledger) -> list[tuple[Any, ...]]:
    found = ledger.query("SELECT record_id, field, value FROM seen ORDER BY ALL").to_pylist()
    return [tuple(row.values()) for row in found]


def test_the_mirror_of_a_record_is_replaced_as_a_whole(ledger: Ledger) -> None:
    land(ledger, "account", seen=[seen("A", "Grade", "B"), seen("A", "Hold", "true")])
    land(ledger, "account", seen=[seen("B", "Grade", "C")])
    land(ledger, "account", seen=[seen("A", "Grade", "A"), seen("A", "Grade", "D")])
    assert mirror(ledger) == [("A", "Grade", "D"), ("B", "Grade", "C")]


def test_an_edit_in_the_crm_is_noticed_without_being_a_new_fact(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "A"}, seen=[seen("A", "Grade", "B")])
    land(ledger, "account", {"id": "A"}, seen=[seen("A", "Grade", "B")])
    assert not ledger.seen_since(1)
    land(ledger, "account", {"id": "A"}, seen=[seen("A", "Grade", None)])
    assert ledger.seen_since(2)
    assert not ledger.dirty_since(1)


def test_a_late_page_does_not_speak_for_the_mirror(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "A", "stamp": stamp(2)}, seen=[seen("A", "Grade", "B")])
    land(ledger, "account", {"id": "A", "stamp": stamp(1)}, seen=[seen("A", "Grade", "old")])
    assert mirror(ledger) == [("A", "Grade", "B")]


def test_a_deleted_record_has_no_mirror(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "A"}, seen=[seen("A", "Grade", "B"), seen("B", "Grade", "B")])
    land(ledger, "account", deletions=[{"id": "A"}])
    assert mirror(ledger) == [("B", "Grade", "B")]


def problem(where: str, record: str | None, field: str = "amount") -> dict[str, str | None]:
    return {"where_from": where, "record_id": record, "field": field, "reason": "no number"}


def open_problems(ledger: Ledger, connection: str | None = None) -> list[tuple[Any, ...]]:
    columns = ["where_from", "record_id", "field"]
    return [tuple(r.values()) for r in ledger.problems(connection).select(columns).to_pylist()]


def test_problems_count_rows_and_list_fields(ledger: Ledger) -> None:
    bad = [problem("line 2", "1"), problem("line 2", "1", "currency"), problem("line 3", None)]
    assert land(ledger, "invoice", problems=bad).problems == 2
    assert open_problems(ledger) == [
        ("line 2", "1", "amount"),
        ("line 2", "1", "currency"),
        ("line 3", None, "amount"),
    ]
    assert open_problems(ledger, "erp") == []
    assert ledger.problems("crm").to_pylist()[0]["run_id"] == "run-1"


def test_a_problem_ends_when_its_record_or_origin_lands_well(ledger: Ledger) -> None:
    bad = [problem("line 2", "1"), problem("line 3", None), problem("line 4", "4")]
    land(ledger, "account", problems=bad)
    land(ledger, "account", {"id": "1", "where_from": "line 9"})
    assert open_problems(ledger) == [("line 3", None, "amount"), ("line 4", "4", "amount")]
    land(ledger, "account", {"id": "3", "where_from": "line 3"})
    assert open_problems(ledger) == [("line 4", "4", "amount")]


def test_another_record_from_the_same_line_of_the_next_file_ends_nothing(ledger: Ledger) -> None:
    land(ledger, "account", problems=[problem("new.csv line 2", "1")])
    land(ledger, "account", {"id": "7", "where_from": "new.csv line 2"}, run_id="run-2")
    assert open_problems(ledger) == [("new.csv line 2", "1", "amount")]


def test_a_problem_reported_again_replaces_what_was_said_before(ledger: Ledger) -> None:
    land(ledger, "account", problems=[problem("line 2", "1"), problem("line 2", "1", "name")])
    land(ledger, "account", problems=[problem("line 5", "1", "name")], run_id="run-2")
    assert open_problems(ledger) == [("line 5", "1", "name")]


def test_pages_of_one_run_add_their_problems(ledger: Ledger) -> None:
    land(ledger, "account", problems=[problem("line 2", "1"), problem("line 3", None)])
    land(ledger, "account", problems=[problem("line 90", "1"), problem("line 91", None)])
    assert len(open_problems(ledger)) == 4
    land(ledger, "account", problems=[problem("line 90", "1"), problem("line 91", None)])
    assert len(open_problems(ledger)) == 4


def test_a_late_page_does_not_end_a_problem_and_a_deletion_does(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "1", "stamp": stamp(5)})
    land(ledger, "account", problems=[problem("1", "1")])
    land(ledger, "account", {"id": "1", "stamp": stamp(4)})
    assert open_problems(ledger) == [("1", "1", "amount")]
    land(ledger, "account", deletions=[{"id": "1"}])
    assert open_problems(ledger) == []


def test_a_later_full_list_ends_problems_that_it_does_not_repeat(ledger: Ledger) -> None:
    land(ledger, "invoice", problems=[problem("line 2", None)], run_id="run-1")
    land(ledger, "invoice", problems=[problem("line 9", None)], run_id="run-2")
    land(ledger, "invoice", present=[], run_id="run-2")
    assert open_problems(ledger) == [("line 9", None, "amount")]


def test_a_record_that_has_a_good_and_a_bad_row_in_one_page_stays_a_problem(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "1"}, problems=[problem("line 8", "1")])
    assert open_problems(ledger) == [("line 8", "1", "amount")]
