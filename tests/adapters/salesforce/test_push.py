from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator
from connector.errors import RefusedError, TransientError, UnknownOutcomeError
from connector.ports.crm import RowOutcome, WriteRow

SCHEMA = {
    "objects": [
        {
            "name": "Account",
            "fields": [
                {"name": "Exact__c", "type": "currency", "precision": 18, "scale": 4},
                {"name": "Limit__c", "type": "currency", "precision": 18, "scale": 2},
                {"name": "Score__c", "type": "double", "precision": 3, "scale": 0},
                {"name": "Hold__c", "type": "boolean"},
                {"name": "Due__c", "type": "date"},
                {"name": "Seen__c", "type": "datetime"},
                {"name": "Note__c", "type": "string", "length": 40},
            ],
        },
        {
            "name": "Task",
            "fields": [
                {
                    "name": "CreditFlag_Key__c", "type": "string", "length": 80,
                    "external_id": True, "unique": True,
                }
            ],
        },
    ]
}  # fmt: skip
VALUES = {
    "Exact__c": "12345678901.5678",
    "Limit__c": "-0.1",
    "Score__c": "64",
    "Hold__c": "true",
    "Due__c": "2026-02-28",
    "Seen__c": "2026-02-28T13:00:00+08:00",
    "Note__c": '逾期 😀 "quoted" \\ line\nbreak',
}


@pytest.fixture(autouse=True)
def schema(emulator: RunningEmulator) -> None:
    emulator.control.apply_schema(SCHEMA)


def seed(emulator: RunningEmulator, count: int = 1) -> list[str]:
    return emulator.control.seed("Account", [{"Name": f"A{i}"} for i in range(count)])


def update_one(
    adapter: SalesforceAdapter, record_id: str, values: dict[str, str | None]
) -> RowOutcome:
    (outcome,) = adapter.update("Account", [WriteRow(values, record_id=record_id)])
    return outcome


# -- values ------------------------------------------------------------------------------------


def test_values_arrive_digit_by_digit_and_are_cleared_by_none(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    (record_id,) = seed(emulator)
    assert update_one(adapter, record_id, dict(VALUES)) == RowOutcome("ok", record_id=record_id)
    found = adapter.read("Account", [record_id], list(VALUES))[record_id]
    assert found is not None
    assert found["Exact__c"] == Decimal("12345678901.5678")
    assert found["Limit__c"] == Decimal("-0.1")
    assert found["Score__c"] == 64
    assert found["Hold__c"] is True
    assert found["Due__c"] == "2026-02-28"
    assert found["Seen__c"] == "2026-02-28T05:00:00.000+0000"
    assert found["Note__c"] == VALUES["Note__c"]
    assert update_one(adapter, record_id, dict.fromkeys(VALUES)).state == "ok"
    cleared = adapter.read("Account", [record_id], list(VALUES))[record_id]
    assert cleared is not None
    assert {cleared[name] for name in VALUES} == {None, False}
    assert cleared["Hold__c"] is False


def test_numbers_are_rounded_as_canonical_texts_are(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    (record_id,) = seed(emulator)
    update_one(adapter, record_id, {"Limit__c": "2.345", "Score__c": "63.5"})
    stored = emulator.control.record("Account", record_id)
    assert Decimal(str(stored["Limit__c"])) == Decimal("2.35")
    assert Decimal(str(stored["Score__c"])) == 64


def test_a_value_of_another_kind_is_rejected_alone(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 5)
    bad: list[dict[str, str | None]] = [
        {"Limit__c": "much"},
        {"Hold__c": "maybe"},
        {"Seen__c": "soon"},
        {"Note__c": "\ud800"},
    ]
    rows = [WriteRow(values, record_id=id_) for values, id_ in zip(bad, ids, strict=False)]
    rows.append(WriteRow({"Note__c": "good"}, record_id=ids[4]))
    outcomes = adapter.update("Account", rows)
    assert [outcome.state for outcome in outcomes] == ["rejected"] * 4 + ["ok"]
    assert [outcome.record_id for outcome in outcomes] == ids
    assert emulator.control.counters()["record_writes"] == {"Account": {ids[4]: 1}}


@pytest.mark.parametrize(
    ("name", "words"),
    [("Nothing__c", "no field Nothing__c on Account"), ("CreatedDate", "may not write")],
)
def test_a_field_that_cannot_be_written_is_told_before_sending(
    emulator: RunningEmulator, adapter: SalesforceAdapter, name: str, words: str
) -> None:
    (record_id,) = seed(emulator)
    with pytest.raises(RefusedError, match=words) as caught:
        update_one(adapter, record_id, {name: "1"})
    assert "field-level security" in str(caught.value)
    assert adapter.call_counts()["write"] == 0


# -- rows --------------------------------------------------------------------------------------


def test_two_hundred_rows_are_one_call(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 200)
    assert adapter.batch_size == 200
    outcomes = adapter.update("Account", [WriteRow({"Score__c": "1"}, record_id=i) for i in ids])
    assert [outcome.record_id for outcome in outcomes] == ids
    assert emulator.control.counters()["by_kind"]["collection_update"] == 1
    with pytest.raises(ValueError, match="201 rows"):
        adapter.update("Account", [WriteRow({"Score__c": "1"}, record_id=ids[0])] * 201)
    assert adapter.update("Account", []) == []


def test_each_row_has_its_own_end(emulator: RunningEmulator, adapter: SalesforceAdapter) -> None:
    ids = seed(emulator, 8)
    emulator.control.remove("Account", [ids[1]])
    emulator.control.remove("Account", [ids[2]], "hard")
    emulator.control.add_faults(
        {"code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain access", "ids": [ids[3]]},
        {
            "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Ask finance first",
            "fields": ["Score__c"], "ids": [ids[4]],
        },
        {
            "code": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "message": "CreditTrigger: System.LimitException: Apex CPU time limit exceeded",
            "ids": [ids[5]],
        },
        {"code": "CODE_OF_NEXT_YEAR", "message": "who knows", "ids": [ids[6]]},
    )  # fmt: skip
    outcomes = adapter.update("Account", [WriteRow({"Score__c": "1"}, record_id=i) for i in ids])
    states = ["ok", "gone", "gone", "retry", "rejected", "retry", "rejected", "ok"]
    assert [outcome.state for outcome in outcomes] == states
    assert [outcome.record_id for outcome in outcomes] == ids
    assert outcomes[4].fields == ("Score__c",)
    assert "Ask finance first" in outcomes[4].message
    assert "Exempt the integration user" in outcomes[4].message
    assert outcomes[6].code == "CODE_OF_NEXT_YEAR"
    written = emulator.control.counters()["record_writes"]["Account"]
    assert set(written) == {ids[0], ids[7]}


def test_vendors_own_checks_become_rejections(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 3)
    outcomes = adapter.update(
        "Account",
        [
            WriteRow({"Note__c": "x" * 41}, record_id=ids[0]),
            WriteRow({"Score__c": "12345"}, record_id=ids[1]),
            WriteRow({"Name": None}, record_id=ids[2]),
        ],
    )
    assert [(o.state, o.code) for o in outcomes] == [
        ("rejected", "STRING_TOO_LONG"),
        ("rejected", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("rejected", "REQUIRED_FIELD_MISSING"),
    ]
    assert "Make the field longer" in outcomes[0].message


def test_one_record_under_both_of_its_ids_is_sent_once(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 2)
    rows = [
        WriteRow({"Score__c": "1"}, record_id=ids[0][:15]),
        WriteRow({"Score__c": "2"}, record_id=ids[0]),
        WriteRow({"Score__c": "3"}, record_id=ids[1]),
        WriteRow({"Score__c": "4"}, record_id="not an id"),
    ]
    outcomes = adapter.update("Account", rows)
    assert [outcome.state for outcome in outcomes] == ["ok", "retry", "ok", "rejected"]
    assert Decimal(str(emulator.control.record("Account", ids[0])["Score__c"])) == 1


# -- creates that a repeat does not double -----------------------------------------------------


def task_row(key: str, subject: str = "Overdue") -> WriteRow:
    return WriteRow({"Subject": subject, "Status": "Not Started", "Priority": "High"}, key=key)


def test_an_upsert_by_key_repeated_gives_one_record(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    rows = [task_row("acme|001|OVERDUE|1"), task_row("acme|001|LIMIT|1")]
    first = adapter.upsert("Task", "creditflag_key__c", rows)
    second = adapter.upsert("Task", "CreditFlag_Key__c", rows)
    assert [outcome.state for outcome in first] == ["ok", "ok"]
    assert [o.record_id for o in second] == [o.record_id for o in first]
    assert len(emulator.control.records("Task")) == 2


def test_an_upsert_repeated_after_a_lost_answer_gives_one_record(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    emulator.control.add_faults({"action": "drop_after", "kind": "collection_upsert"})
    with pytest.raises(UnknownOutcomeError):
        adapter.upsert("Task", "CreditFlag_Key__c", [task_row("k1")])
    (outcome,) = adapter.upsert("Task", "CreditFlag_Key__c", [task_row("k1")])
    (task,) = emulator.control.records("Task")
    assert outcome.record_id == task["Id"]
    assert adapter.find_by_key("Task", "CreditFlag_Key__c", ["K1", "k2"]) == {"K1": task["Id"]}


def test_upserts_need_an_external_id_and_a_key(adapter: SalesforceAdapter) -> None:
    with pytest.raises(RefusedError, match="no external id"):
        adapter.upsert("Task", "Subject", [task_row("k1")])
    outcomes = adapter.upsert("Task", "CreditFlag_Key__c", [task_row(""), task_row("k2")])
    assert [outcome.state for outcome in outcomes] == ["rejected", "ok"]


def test_two_rows_of_one_key_are_sent_once(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    outcomes = adapter.upsert("Task", "CreditFlag_Key__c", [task_row("k1"), task_row("K1")])
    assert [outcome.state for outcome in outcomes] == ["ok", "retry"]
    assert len(emulator.control.records("Task")) == 1


def test_without_external_id_a_lost_create_is_found_by_its_key(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    key = "acme|50%_off'\\|1"
    row = task_row("", f"Overdue [{key}]")
    assert adapter.find_by_key("Task", "Subject", [key]) == {}
    emulator.control.add_faults({"action": "drop_after", "kind": "collection_create"})
    with pytest.raises(UnknownOutcomeError):
        adapter.create("Task", [row])
    (task,) = emulator.control.records("Task")
    emulator.control.seed("Task", [{"Subject": "Overdue [acme|50 x_off'\\|1]"}])
    assert adapter.find_by_key("Task", "Subject", [key, "acme|50", "other"]) == {key: task["Id"]}


def test_a_plain_text_may_also_be_the_key(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    whole, part = emulator.control.seed("Task", [{"Subject": "k1"}, {"Subject": "about [k2]"}])
    emulator.control.seed("Task", [{"Subject": "k3 and more"}])
    found = adapter.find_by_key("Task", "Subject", ["k1", "k2", "k3"])
    assert found == {"k1": whole, "k2": part}


def test_the_oldest_of_several_counts_and_the_bin_does_not(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    emulator.control.freeze()
    made = []
    for _ in range(3):
        made += emulator.control.seed("Task", [{"Subject": "[k1]"}])
        emulator.control.advance(60)
    emulator.control.remove("Task", made[:1])
    assert adapter.find_by_key("Task", "Subject", ["k1"]) == {"k1": made[1]}


def test_many_keys_are_asked_for_in_addresses_that_fit(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    keys = [f"acme|001RM0000{i:05d}AAA|OVERDUE|中文" for i in range(900)]
    tasks = [{"Subject": f"[{key}]", "CreditFlag_Key__c": key} for key in keys]
    ids = emulator.control.seed("Task", tasks)
    for field in ("Subject", "CreditFlag_Key__c"):
        assert adapter.find_by_key("Task", field, keys) == dict(zip(keys, ids, strict=True))
    assert set(emulator.control.counters()["by_status"]) == {"200"}
    assert adapter.find_by_key("Task", "Subject", []) == {}


def test_a_long_text_cannot_be_searched(adapter: SalesforceAdapter) -> None:
    with pytest.raises(RefusedError, match="cannot be searched"):
        adapter.find_by_key("Task", "Description", ["k1"])


def test_a_create_returns_the_new_ids(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    rows = [
        WriteRow({"Name": "New"}),
        WriteRow({"Note__c": "nameless"}),
        WriteRow({"Name": "Child", "ParentId": "001RM0000000000AAA"}),
    ]
    good, nameless, orphan = adapter.create("Account", rows)
    assert good.state == "ok"
    assert emulator.control.record("Account", good.record_id)["Name"] == "New"
    assert (nameless.state, nameless.code) == ("rejected", "REQUIRED_FIELD_MISSING")
    assert orphan.state == "rejected"


# -- reading back ------------------------------------------------------------------------------


def test_records_are_read_back_by_the_ids_as_given(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 4)
    emulator.control.remove("Account", [ids[1]])
    emulator.control.remove("Account", [ids[2]], "hard")
    (user,) = [u for u in emulator.control.records("User") if u["Name"] == "Ann Admin"]
    emulator.control.edit("Account", ids[0], {"Score__c": 7}, user=user["Id"])
    asked = [ids[0], ids[0][:15], ids[1], ids[2], "not an id", ids[3]]
    found = adapter.read("Account", asked, ["score__c", "Name"])
    assert list(found) == asked
    assert [found[i] is None for i in asked] == [False, False, True, True, True, False]
    first = found[ids[0]]
    assert first is not None
    assert first["score__c"] == 7
    assert first["modified_by"] == user["Id"]
    assert str(first["modified_at"]).endswith("+00:00")
    assert set(first) == {"score__c", "Name", "modified_by", "modified_at"}
    assert adapter.call_counts()["read_back"] == 1


def test_two_thousand_records_are_read_back_in_one_call(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 2001)
    found = adapter.read("Account", ids, ["Name"])
    assert len(found) == 2001
    assert None not in found.values()
    assert adapter.call_counts()["read_back"] == 2
    assert adapter.read("Account", [], ["Name"]) == {}


def test_a_read_back_of_another_length_is_not_believed(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 2)
    emulator.control.add_faults(
        {"action": "respond", "kind": "collection_retrieve", "status": 200, "body": [None]}
    )
    with pytest.raises(TransientError):
        adapter.read("Account", ids, ["Name"])


# -- under a condition ---------------------------------------------------------------------------


def write_unless_moved(
    adapter: SalesforceAdapter, record_id: str, note: str, since: str
) -> RowOutcome:
    row = WriteRow({"Note__c": note}, record_id=record_id, unchanged_since=since)
    (outcome,) = adapter.update("Account", [row])
    return outcome


def test_a_record_that_was_modified_since_is_not_written(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    """Goes red when the condition is not sent, or its refusal taken for another one."""
    (record_id,) = seed(emulator)
    found = adapter.read("Account", [record_id], ["Note__c"])[record_id]
    assert found is not None
    since = str(found["modified_at"])
    assert write_unless_moved(adapter, record_id, "ours", since).state == "ok"
    emulator.control.advance(60)
    emulator.control.edit("Account", record_id, {"Note__c": "theirs"})
    outcome = write_unless_moved(adapter, record_id, "ours again", since)
    assert (outcome.state, outcome.record_id) == ("moved", record_id)
    assert emulator.control.record("Account", record_id)["Note__c"] == "theirs"


def test_a_conditional_write_tells_its_refusals_by_row(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    kept, gone = seed(emulator, 2)
    since = emulator.control.now().isoformat()
    emulator.control.remove("Account", [gone])
    long = write_unless_moved(adapter, kept, "x" * 41, since)
    assert (long.state, long.code) == ("rejected", "STRING_TOO_LONG")
    assert write_unless_moved(adapter, gone, "x", since).state == "gone"
    assert write_unless_moved(adapter, "no id", "x", since).code == "BAD_VALUE"


def test_a_conditional_row_comes_alone(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    since = emulator.control.now().isoformat()
    rows = [
        WriteRow({"Note__c": "x"}, record_id=i, unchanged_since=since) for i in seed(emulator, 2)
    ]
    with pytest.raises(ValueError, match="too many values"):
        adapter.update("Account", rows)


def test_our_own_writes_stand_under_the_integration_user(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    (record_id,) = seed(emulator)
    update_one(adapter, record_id, {"Note__c": "ours"})
    found = adapter.read("Account", [record_id], ["Note__c"])[record_id]
    assert found is not None
    assert found["modified_by"] == adapter.writes_as()
    emulator.control.edit("Account", record_id, {"Note__c": "theirs"})
    found = adapter.read("Account", [record_id], ["Note__c"])[record_id]
    assert found is not None
    assert found["modified_by"] != adapter.writes_as()


def test_a_call_refused_over_a_row_says_so(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    """The caller halves the batch then; a missing right is nobody's row."""
    (record_id,) = seed(emulator)
    for status, code, by_row in ((400, "JSON_PARSER_ERROR", True), (403, "INSUFFICIENT", False)):
        body = f'[{{"message": "no", "errorCode": "{code}"}}]'
        rule = {"kind": "collection_update", "action": "respond", "status": status, "body": body}
        emulator.control.add_faults({**rule, "times": 1})
        with pytest.raises(RefusedError) as caught:
            update_one(adapter, record_id, {"Note__c": "x"})
        assert (caught.value.code, caught.value.by_row) == (code, by_row)


@pytest.mark.parametrize("body", ["", [{"errorCode": "PRECONDITION_FAILED", "message": "moved"}]])
def test_a_precondition_that_failed_is_a_row_that_moved_whatever_is_said_of_it(
    emulator: RunningEmulator, adapter: SalesforceAdapter, body: Any
) -> None:
    (record,) = seed(emulator, 1)
    emulator.control.add_faults(
        {"action": "respond", "method": "PATCH", "status": 412, "body": body}
    )
    row = WriteRow({"Note__c": "x"}, record_id=record, unchanged_since="2026-01-01T00:00:00+00:00")
    (outcome,) = adapter.update("Account", [row])
    assert outcome.state == "moved"
