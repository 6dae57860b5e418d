"""Writing by bulk job: every kind of end a row and a job can come to, judged by the emulator."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator
from connector.errors import RefusedError, TransientError
from connector.ports.bulk import UNPROCESSED, BulkPort, JobPhase
from connector.ports.crm import RowOutcome, WriteRow
from tests.adapters.salesforce.test_push import SCHEMA, seed

Connect = Callable[..., SalesforceAdapter]


@pytest.fixture(autouse=True)
def schema(emulator: RunningEmulator) -> None:
    emulator.control.apply_schema(SCHEMA)


def write(
    adapter: SalesforceAdapter, rows: list[WriteRow], object_name: str = "Account", key: str = ""
) -> tuple[dict[int, RowOutcome], list[RowOutcome | None]]:
    """One job from its opening to its results: what stayed behind, and every row's outcome."""
    job = adapter.open_job(object_name, key)
    behind = adapter.load_job(job, object_name, key, rows)
    adapter.start_job(job)
    while adapter.look_at_job(job).phase is JobPhase.RUNNING:
        pass
    return dict(behind), list(adapter.read_job(job, object_name, key, rows))


def notes(emulator: RunningEmulator, ids: list[str]) -> list[object]:
    return [emulator.control.record("Account", record).get("Note__c") for record in ids]


def states(outcomes: list[RowOutcome | None]) -> list[str | None]:
    return [outcome.state if outcome else None for outcome in outcomes]


def test_the_adapter_can_write_by_job(adapter: SalesforceAdapter) -> None:
    assert isinstance(adapter, BulkPort)


def test_rows_are_found_again_though_results_come_in_another_order(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 7)
    rows = [WriteRow({"Note__c": f"note {n}"}, record_id=id_) for n, id_ in enumerate(ids)]
    behind, outcomes = write(adapter, rows)
    assert behind == {}
    assert outcomes == [RowOutcome("ok", record_id=id_) for id_ in ids]
    assert notes(emulator, ids) == [f"note {n}" for n in range(7)]


def test_a_job_costs_seven_calls_and_its_polls(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 3)
    adapter.describe("Account")
    emulator.control.reset_counters()
    before = adapter.call_counts()
    write(adapter, [WriteRow({"Note__c": "x"}, record_id=id_) for id_ in ids])
    after = adapter.call_counts()
    assert after["write"] - before["write"] == 6
    assert after["poll"] - before["poll"] == 2
    assert sum(emulator.control.counters()["by_kind"].values()) == 8


def test_one_row_may_fail_and_the_others_pass(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 3)
    emulator.control.remove("Account", [ids[1]])
    rows = [
        WriteRow({"Note__c": "x" * 41}, record_id=ids[0]),
        WriteRow({"Note__c": "gone"}, record_id=ids[1]),
        WriteRow({"Note__c": "good"}, record_id=ids[2]),
    ]
    _, outcomes = write(adapter, rows)
    assert states(outcomes) == ["rejected", "gone", "ok"]
    assert outcomes[0] is not None
    assert (outcomes[0].code, outcomes[0].fields) == ("STRING_TOO_LONG", ("Note__c",))
    assert "Make the field longer" in outcomes[0].message


def test_fields_that_a_row_does_not_name_stay_as_they_are(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    """Goes red when a missing field is written as null."""
    first, second = seed(emulator, 2)
    emulator.control.edit("Account", first, {"Note__c": "kept"})
    emulator.control.edit("Account", second, {"Note__c": "cleared", "Hold__c": True})
    rows = [
        WriteRow({"Score__c": "64"}, record_id=first),
        WriteRow({"Note__c": None, "Hold__c": None}, record_id=second),
    ]
    _, outcomes = write(adapter, rows)
    assert states(outcomes) == ["ok", "ok"]
    assert notes(emulator, [first, second]) == ["kept", None]
    assert emulator.control.record("Account", second)["Hold__c"] is False


def test_what_csv_cannot_say_and_what_stands_twice_stays_behind(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    one, two, three, four = seed(emulator, 4)
    rows = [
        WriteRow({"Note__c": "#n/a"}, record_id=one),
        WriteRow({"Limit__c": "much"}, record_id=two),
        WriteRow({"Note__c": "first"}, record_id=three),
        WriteRow({"Note__c": "again"}, record_id=three[:15]),
        WriteRow({"Note__c": "zero \0"}, record_id=four),
    ]
    behind, outcomes = write(adapter, rows)
    assert {n: (o.state, o.code) for n, o in behind.items()} == {
        0: ("retry", "NOT_IN_CSV"),
        1: ("rejected", "BAD_VALUE"),
        3: ("retry", "SAME_RECORD_TWICE"),
        4: ("retry", "NOT_IN_CSV"),
    }
    assert outcomes[2] == RowOutcome("ok", record_id=three)
    assert notes(emulator, [one, three, four]) == [None, "first", None]


def test_tasks_are_upserted_by_their_key(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    account, other = seed(emulator, 2)
    rows = [
        WriteRow({"Subject": f"S{n}", "WhatId": what}, key=f"Key, {n}")
        for n, what in enumerate([other, account, other])
    ]
    _, outcomes = write(adapter, rows, "Task", "CreditFlag_Key__c")
    assert states(outcomes) == ["ok"] * 3
    _, again = write(adapter, rows, "Task", "CreditFlag_Key__c")
    assert again == outcomes
    made = {o.record_id for o in outcomes if o}
    assert {task["Id"] for task in emulator.control.records("Task", deleted=False)} == made


def test_rows_of_one_parent_stand_together(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    """Against locks: a chunk of the server holds the lock of one parent, not of many."""
    parents = seed(emulator, 3)
    rows = [WriteRow({"Subject": "S", "WhatId": parents[n % 3]}, key=f"k{n:02}") for n in range(12)]
    write(adapter, rows, "Task", "CreditFlag_Key__c")
    written = [w for w in emulator.control.writes() if w["object"] == "Task"]
    order = [w["fields"]["WhatId"] for w in written]
    assert order == sorted(order)


@pytest.mark.parametrize("action", ["fail", "abort", "skip"])
def test_rows_that_a_job_did_not_come_to_are_told_apart(
    emulator: RunningEmulator, adapter: SalesforceAdapter, action: str
) -> None:
    ids = seed(emulator, 5)
    emulator.control.ask("POST", "bulk/faults", {"rules": [{"action": action, "after": 2}]})
    rows = [WriteRow({"Note__c": "done"}, record_id=id_) for id_ in ids]
    _, outcomes = write(adapter, rows)
    assert [o.code for o in outcomes if o and o.state == "retry"] == [UNPROCESSED] * 3
    done = [id_ for id_, o in zip(ids, outcomes, strict=True) if o and o.state == "ok"]
    assert sorted(done) == sorted(
        w["id"] for w in emulator.control.writes() if w["object"] == "Account"
    )
    assert len(done) == 2


def test_a_failed_job_says_why(emulator: RunningEmulator, adapter: SalesforceAdapter) -> None:
    ids = seed(emulator, 2)
    rule = {"action": "fail", "after": 0, "message": "InvalidBatch : Something"}
    emulator.control.ask("POST", "bulk/faults", {"rules": [rule]})
    job = adapter.open_job("Account", "")
    assert adapter.look_at_job(job).phase is JobPhase.WAITING
    adapter.load_job(job, "Account", "", [WriteRow({"Note__c": "x"}, record_id=i) for i in ids])
    adapter.start_job(job)
    while (status := adapter.look_at_job(job)).phase is JobPhase.RUNNING:
        pass
    assert status.reason == "InvalidBatch : Something"


def test_a_job_that_was_given_up_wrote_nothing(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 2)
    rows = [WriteRow({"Note__c": "x"}, record_id=id_) for id_ in ids]
    job = adapter.open_job("Account", "")
    adapter.load_job(job, "Account", "", rows)
    adapter.abort_job(job)
    adapter.abort_job(job)
    assert adapter.look_at_job(job).phase is JobPhase.ENDED
    assert {o.code for o in adapter.read_job(job, "Account", "", rows) if o} <= {UNPROCESSED}
    assert emulator.control.writes() == []


def test_a_job_that_is_not_there_is_gone(adapter: SalesforceAdapter) -> None:
    assert adapter.look_at_job("750000000000001AAA").phase is JobPhase.GONE


def test_an_upload_whose_answer_is_lost_is_given_up(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    """Goes red when the upload is repeated blindly, or the job is started all the same."""
    (record,) = seed(emulator)
    job = adapter.open_job("Account", "")
    emulator.control.add_faults({"kind": "bulk_ingest_upload", "action": "drop_after", "times": 1})
    with pytest.raises(TransientError, match="nothing was written"):
        adapter.load_job(job, "Account", "", [WriteRow({"Note__c": "x"}, record_id=record)])
    assert adapter.look_at_job(job).phase is JobPhase.ENDED
    assert emulator.control.writes() == []


def test_an_unknown_field_is_told_before_a_job_is_opened(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    (record,) = seed(emulator)
    job = adapter.open_job("Account", "")
    with pytest.raises(RefusedError, match="Nope__c"):
        adapter.load_job(job, "Account", "", [WriteRow({"Nope__c": "x"}, record_id=record)])


@pytest.mark.parametrize(("rows", "way"), [(1999, False), (2000, True), (1401, False)])
def test_a_job_is_preferred_from_the_configured_number_of_rows(
    connect: Connect, rows: int, way: bool
) -> None:
    assert connect().prefers_job("Account", rows) is way
    assert connect(bulk_write_rows="10").prefers_job("Account", 10) is True


def test_rows_are_split_among_jobs_by_size(
    adapter: SalesforceAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [WriteRow({"Note__c": "x" * 40}, record_id="1")] * 100
    assert adapter.fit_into_job("Account", "", rows) == 100
    monkeypatch.setattr("adapters.salesforce.ingest.BYTES_MAX", 1000)
    assert 1 <= adapter.fit_into_job("Account", "", rows) < 10
    monkeypatch.setattr("adapters.salesforce.ingest.BYTES_MAX", 1)
    assert adapter.fit_into_job("Account", "", rows) == 1


def test_a_job_of_another_api_version_leaves_its_rows_to_be_read_back(
    emulator: RunningEmulator, adapter: SalesforceAdapter, connect: Connect
) -> None:
    ids = seed(emulator, 2)
    rows = [WriteRow({"Note__c": "x"}, record_id=id_) for id_ in ids]
    job = adapter.open_job("Account", "")
    adapter.load_job(job, "Account", "", rows)
    adapter.start_job(job)
    while adapter.look_at_job(job).phase is JobPhase.RUNNING:
        pass
    later = connect(api_version="65.0")
    assert later.look_at_job(job).phase is JobPhase.ENDED
    assert later.read_job(job, "Account", "", rows) == [None, None]
