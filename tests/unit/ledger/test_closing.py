"""Deletions, merges, and the end of a full list."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from connector.ledger import Ledger
from connector.ports.facts import LandResult
from tests.unit.ledger.batches import current, history, land, stamp, to


def test_a_deleted_record_leaves_current_and_stays_in_history(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "A"}, {"id": "B"})
    assert land(ledger, "account", deletions=[{"id": "A"}]) == LandResult(seq=2, deleted=1)
    assert current(ledger, "account", "id") == [("B",)]
    assert history(ledger, "account", "id", "op") == [
        ("A", "put"),
        ("B", "put"),
        ("A", "delete"),
    ]
    assert ledger.dirty_since(1)
    again = land(ledger, "account", deletions=[{"id": "A"}, {"id": "unknown"}])
    assert again == LandResult(seq=3, re_read=2)
    assert not ledger.dirty_since(2)


def test_a_merge_keeps_who_survived_even_when_the_record_was_never_read(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "A"}, {"id": "B"})
    merged = [{"id": "A", "merged_into": "B"}, {"id": "X", "merged_into": "B"}]
    assert land(ledger, "account", deletions=merged).deleted == 2
    assert land(ledger, "account", deletions=merged) == LandResult(seq=3, re_read=2)
    survivors = ledger.query("SELECT id, merged_into FROM gone ORDER BY id").to_pylist()
    assert survivors == [{"id": "A", "merged_into": "B"}, {"id": "X", "merged_into": "B"}]


def test_a_record_that_was_restored_lives_again(ledger: Ledger) -> None:
    land(ledger, "account", {"id": "A", "stamp": stamp(2)})
    land(ledger, "account", deletions=[{"id": "A"}])
    late = land(ledger, "account", {"id": "A", "stamp": stamp(1)})
    assert late == LandResult(seq=3, re_read=1)
    assert land(ledger, "account", {"id": "A", "stamp": stamp(3)}).new == 1
    assert current(ledger, "account", "id") == [("A",)]
    assert ledger.query("SELECT count(*) AS n FROM gone")["n"][0].as_py() == 0


def invoice(number: str, open_amount: int) -> dict[str, object]:
    return {"id": number, "number": number, **to("A"), "open_amount": Decimal(open_amount)}


def open_items(ledger: Ledger) -> list[tuple[object, ...]]:
    return current(ledger, "invoice", "id", "open_amount", "cleared_date", "derived_clear")


def test_an_item_absent_from_the_next_list_was_cleared_and_comes_back_open(ledger: Ledger) -> None:
    land(ledger, "invoice", invoice("1", 40), invoice("2", 60), present=["1", "2"])
    closed = land(ledger, "invoice", invoice("1", 40), present=["1"], listed_on=date(2025, 7, 8))
    assert closed == LandResult(seq=2, re_read=1, cleared=1)
    assert ledger.dirty_since(1)
    assert open_items(ledger) == [
        ("1", Decimal(40), None, False),
        ("2", Decimal(0), date(2025, 7, 8), True),
    ]
    later = land(ledger, "invoice", invoice("1", 40), present=["1"], listed_on=date(2025, 7, 15))
    assert (later.cleared, ledger.dirty_since(2)) == (0, False)
    back = land(ledger, "invoice", invoice("1", 40), invoice("2", 60), present=["1", "2"])
    assert back == LandResult(seq=4, changed=1, re_read=1)
    assert open_items(ledger)[1] == ("2", Decimal(60), None, False)
    assert [op for _, op in history(ledger, "invoice", "id", "op")] == ["put"] * 4


def test_the_end_of_a_list_concerns_its_feed_and_connection_only(ledger: Ledger) -> None:
    land(ledger, "invoice", invoice("1", 40), feed="list")
    land(ledger, "invoice", invoice("2", 40), feed="changes")
    land(ledger, "invoice", invoice("1", 40), feed="list", connection="erp")
    assert land(ledger, "invoice", feed="list", present=[]).cleared == 1
    still_open = ledger.query(
        "SELECT connection, id FROM invoice_current WHERE open_amount != 0 ORDER BY ALL"
    ).to_pylist()
    assert still_open == [{"connection": "crm", "id": "2"}, {"connection": "erp", "id": "1"}]


def test_a_row_belongs_to_the_list_that_named_it_last(ledger: Ledger) -> None:
    land(ledger, "invoice", invoice("1", 40), feed="changes")
    listed = land(ledger, "invoice", invoice("1", 40), feed="list", present=["1"])
    assert listed == LandResult(seq=2, re_read=1)
    assert land(ledger, "invoice", feed="list", present=[]).cleared == 1


def test_a_row_that_could_not_be_mapped_is_not_taken_for_cleared(ledger: Ledger) -> None:
    land(ledger, "invoice", invoice("1", 40), present=["1"])
    bad = [{"record_id": "1", "where_from": "list.csv line 2", "field": "amount", "reason": "?"}]
    assert land(ledger, "invoice", present=["1"], problems=bad).cleared == 0
    assert open_items(ledger) == [("1", Decimal(40), None, False)]


def test_a_date_of_clearing_that_the_source_gave_stays(ledger: Ledger) -> None:
    paid = {**invoice("1", 0), "cleared_date": date(2025, 5, 5)}
    land(ledger, "invoice", paid, {**invoice("2", 7), "cleared_date": date(2025, 6, 6)})
    assert land(ledger, "invoice", present=[]).cleared == 1
    assert open_items(ledger) == [
        ("1", Decimal(0), date(2025, 5, 5), False),
        ("2", Decimal(0), date(2025, 6, 6), True),
    ]


def test_credit_notes_are_used_up_and_other_records_are_deleted(ledger: Ledger) -> None:
    note = {"id": "C", **to("A"), "amount": Decimal(9), "open_amount": Decimal(9)}
    land(ledger, "credit_note", note)
    assert land(ledger, "credit_note", present=[]) == LandResult(seq=2, cleared=1)
    assert land(ledger, "credit_note", present=[]).cleared == 0
    assert current(ledger, "credit_note", "open_amount", "derived_clear") == [(Decimal(0), True)]
    land(ledger, "limit", {"id": "L", **to("A"), "amount": Decimal(5)})
    assert land(ledger, "limit", present=[]) == LandResult(seq=5, deleted=1)
    assert current(ledger, "limit", "id") == []
    assert land(ledger, "limit", {"id": "L", **to("A"), "amount": Decimal(5)}).new == 1


def test_a_document_listed_without_open_amount_is_cleared_too(ledger: Ledger) -> None:
    land(ledger, "invoice", {"id": "1", **to("A")})
    assert land(ledger, "invoice", present=[]).cleared == 1
    assert open_items(ledger) == [("1", Decimal(0), date(2025, 7, 1), True)]
