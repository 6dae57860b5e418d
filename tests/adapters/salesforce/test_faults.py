"""What goes wrong on the wire, and what each case becomes."""

from __future__ import annotations

import gzip
import socket
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from urllib3.util import connection

from adapters.salesforce import transport
from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator
from connector.errors import (
    BudgetError,
    RefusedError,
    TransientError,
    UnknownOutcomeError,
    UnreachableError,
    VendorError,
)
from connector.ports.crm import PullRequest, WriteRow
from tests.adapters.salesforce.conftest import Connect
from tests.adapters.salesforce.connections import FakeClock, count_rows, make_opening, read_all
from tests.adapters.salesforce.raw_server import send_json, send_token, serve_raw

ACCOUNTS = PullRequest("Account", ("Name",))


@pytest.fixture
def record_id(emulator: RunningEmulator, adapter: SalesforceAdapter) -> str:
    """One account, described, so that faults strike the calls that matter."""
    (record_id,) = emulator.control.seed("Account", [{"Name": "before"}])
    adapter.describe("Account")
    emulator.control.reset_counters()
    return record_id


def rename(adapter: SalesforceAdapter, record_id: str) -> str:
    (outcome,) = adapter.update("Account", [WriteRow({"Name": "after"}, record_id=record_id)])
    return outcome.state


# -- reads are repeated ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "drop_before"},
        {"action": "drop_after"},
        {"action": "truncate", "bytes": 30},
        {"action": "html"},
        {"action": "respond", "status": 503, "body": "<html>maintenance</html>"},
        {"action": "respond", "status": 502, "body": ""},
        {"action": "respond", "status": 420, "body": ""},
        {"action": "respond", "status": 406, "body": ""},
        {"action": "respond", "status": 429, "body": "slow down"},
        {"action": "respond", "status": 200, "body": "[1, NaN]"},
        {
            "action": "respond",
            "status": 403,
            "body": [
                {
                    "errorCode": "REQUEST_LIMIT_EXCEEDED",
                    "message": "ConcurrentPerOrgLongTxn Limit exceeded.",
                }
            ],
        },
    ],
    ids=lambda fault: f"{fault['action']}-{fault.get('status', '')}",
)
def test_a_read_outlives_passing_faults(
    emulator: RunningEmulator, adapter: SalesforceAdapter, clock: FakeClock, record_id: str,
    fault: dict[str, object],
) -> None:  # fmt: skip
    emulator.control.add_faults({**fault, "kind": "query", "times": 2})
    assert count_rows(read_all(adapter, ACCOUNTS)) == 1
    assert emulator.control.counters()["by_kind"]["query"] == 3
    assert adapter.call_counts()["read"] == 3
    assert len(clock.sleeps) == 2


def test_a_read_ends_after_six_attempts(
    emulator: RunningEmulator, adapter: SalesforceAdapter, record_id: str
) -> None:
    emulator.control.add_faults({"action": "drop_before", "kind": "query", "times": None})
    with pytest.raises(TransientError, match="no complete answer"):
        read_all(adapter, ACCOUNTS)
    assert emulator.control.counters()["by_kind"]["query"] == 6


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [
        ("40", 40.0, 70.0),
        ("Thu, 01 Jan 2026 00:00:45 GMT", 45.0, 70.0),
        ("-5", 0.0, 1.1),
        ("999999", 0.0, 1.1),
        ("soon", 0.0, 1.1),
    ],
)
def test_the_server_says_how_long_to_wait(
    emulator: RunningEmulator, adapter: SalesforceAdapter, clock: FakeClock, record_id: str,
    told: str, least: float, most: float,
) -> None:  # fmt: skip
    emulator.control.set_clock(datetime(2026, 1, 1, tzinfo=UTC), frozen=True)
    emulator.control.add_faults(
        {
            "action": "respond", "kind": "query", "status": 429, "body": "",
            "headers": {"Retry-After": told},
        }
    )  # fmt: skip
    assert count_rows(read_all(adapter, ACCOUNTS)) == 1
    (slept,) = clock.sleeps
    assert least <= slept <= most


def test_a_wait_beyond_the_deadline_is_not_begun(
    emulator: RunningEmulator, adapter: SalesforceAdapter, clock: FakeClock, record_id: str
) -> None:
    emulator.control.add_faults(
        {
            "action": "respond", "kind": "query", "status": 503, "body": "", "times": None,
            "headers": {"Retry-After": "400"},
        }
    )  # fmt: skip
    with pytest.raises(TransientError) as caught:
        read_all(adapter, ACCOUNTS)
    assert caught.value.retry_after == 400
    assert sum(clock.sleeps) <= 600


# -- writes are sent once ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "drop_before"},
        {"action": "html"},
        {"action": "respond", "status": 503, "body": "<html>maintenance</html>"},
        {"action": "respond", "status": 502, "body": ""},
        {
            "action": "respond", "status": 500,
            "body": [{"errorCode": "UNKNOWN_EXCEPTION", "message": "ErrorId: 1-2"}],
        },
        {"action": "respond", "status": 200, "body": []},
        {"action": "respond", "status": 200, "body": [{"id": "001", "success": True}]},
        {"action": "respond", "status": 200, "body": [{"success": False, "errors": []}]},
        {"action": "respond", "status": 200, "body": [17]},
        {"action": "respond", "status": 200, "body": {}},
    ],
    ids=lambda fault: f"{fault['action']}-{fault.get('status', '')}-{fault.get('body', '')}"[:40],
)  # fmt: skip
def test_a_write_without_a_full_answer_is_left_open(
    emulator: RunningEmulator, adapter: SalesforceAdapter, record_id: str, fault: dict[str, object]
) -> None:
    emulator.control.add_faults({**fault, "kind": "collection_update", "times": None})
    with pytest.raises(UnknownOutcomeError, match="read back") as caught:
        rename(adapter, record_id)
    assert "Account" in caught.value.where
    assert emulator.control.counters()["by_kind"]["collection_update"] == 1


@pytest.mark.parametrize("action", ["drop_after", "truncate"])
def test_a_write_whose_answer_was_lost_was_applied(
    emulator: RunningEmulator, adapter: SalesforceAdapter, record_id: str, action: str
) -> None:
    emulator.control.add_faults({"action": action, "kind": "collection_update"})
    with pytest.raises(UnknownOutcomeError):
        rename(adapter, record_id)
    assert emulator.control.counters()["record_writes"] == {"Account": {record_id: 1}}
    found = adapter.read("Account", [record_id], ["Name"])[record_id]
    assert found is not None
    assert found["Name"] == "after"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "SERVER_UNAVAILABLE", TransientError),
        (400, "UNABLE_TO_LOCK_ROW", TransientError),
        (429, "", TransientError),
        (403, "INSUFFICIENT_ACCESS", RefusedError),
        (400, "JSON_PARSER_ERROR", RefusedError),
        (403, "REQUEST_LIMIT_EXCEEDED", BudgetError),
        (410, "", RefusedError),
    ],
)
def test_a_write_that_was_surely_not_applied_is_no_unknown_outcome(
    emulator: RunningEmulator, adapter: SalesforceAdapter, record_id: str,
    status: int, code: str, kind: type[VendorError],
) -> None:  # fmt: skip
    body = [{"errorCode": code, "message": "TotalRequests Limit exceeded."}] if code else ""
    emulator.control.add_faults(
        {"action": "respond", "kind": "collection_update", "status": status, "body": body}
    )
    with pytest.raises(kind) as caught:
        rename(adapter, record_id)
    assert not isinstance(caught.value, UnknownOutcomeError)
    assert rename(adapter, record_id) == "ok"


def test_a_write_to_a_host_that_is_gone_was_not_sent() -> None:
    stop = threading.Event()

    def speak(line: socket.socket, request: bytes) -> None:
        if request.startswith(b"POST /services/oauth2/token"):
            send_token(line, server.url)
        else:
            fields = [{"name": "Name", "type": "string", "updateable": True}]
            send_json(line, {"name": "Account", "fields": fields})
            stop.set()

    with serve_raw(speak) as server:
        adapter = SalesforceAdapter(make_opening(server.url, client_id="gone", secret="x"))
        assert adapter.describe("Account") is not None
        assert stop.wait(10)
    with pytest.raises(UnreachableError):
        rename(adapter, "001RM000003oCprYAE")
    adapter.close()


# -- deadlines and sizes -----------------------------------------------------------------------


def speak_slowly(line: socket.socket, request: bytes) -> None:
    """Drip a body without end; the client's clock runs, not ours."""
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
    while True:
        line.sendall(b" ")


def test_a_dripping_body_meets_the_deadline() -> None:
    clock = FakeClock(datetime(2030, 1, 1, tzinfo=UTC), tick=1.0)
    with serve_raw(speak_slowly) as server:
        adapter = SalesforceAdapter(
            make_opening(
                server.url, client_id="drip", secret="x", clock=clock,
                options={"call_deadline": "20"},
            )
        )  # fmt: skip
        with pytest.raises(TransientError, match="no full answer within 20 s"):
            adapter.describe("Account")
        adapter.close()
    assert clock.elapsed > 20


@pytest.mark.parametrize("zipped", [False, True])
def test_a_body_that_is_too_large_is_given_up(
    monkeypatch: pytest.MonkeyPatch, zipped: bool
) -> None:
    monkeypatch.setattr(transport, "BODY_BYTES_MAX", 100_000)
    body = b" " * 3_000_000
    packed = gzip.compress(body) if zipped else body
    coding = b"Content-Encoding: gzip\r\n" if zipped else b""

    def speak(line: socket.socket, _request: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\n" + coding + b"Content-Length: %d\r\n\r\n" % len(packed)
        line.sendall(head + packed)

    with serve_raw(speak) as server:
        adapter = SalesforceAdapter(make_opening(server.url, client_id="big", secret="x"))
        with pytest.raises(TransientError, match="larger than is sound"):
            adapter.describe("Account")
        adapter.close()


def test_connections_are_kept_open(emulator: RunningEmulator, adapter: SalesforceAdapter) -> None:
    emulator.control.seed("Account", [{"Name": f"A{i}"} for i in range(4001)])
    opened: list[object] = []
    create = connection.create_connection

    def counted(*args: Any, **kwargs: Any) -> socket.socket:
        opened.append(args)
        return create(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "create_connection", counted)
        assert count_rows(read_all(adapter, ACCOUNTS)) == 4001
    assert len(opened) == 1


# -- budget and clock --------------------------------------------------------------------------


def test_the_budget_of_the_day_pauses_the_run(
    emulator: RunningEmulator, adapter: SalesforceAdapter, record_id: str
) -> None:
    emulator.control.settings(daily_limit=1000, used_calls=1000)
    with pytest.raises(BudgetError, match="used up") as caught:
        rename(adapter, record_id)
    assert caught.value.resume_after >= 900
    assert caught.value.exit_code == 4
    assert emulator.control.counters()["record_writes"] == {}


def test_the_reserve_is_left_to_others(emulator: RunningEmulator, connect: Connect) -> None:
    adapter = connect(budget_reserve="0.5")
    emulator.control.settings(daily_limit=1000, used_calls=600)
    adapter.describe("Account")
    assert adapter.budget().allowed == 1000
    with pytest.raises(BudgetError, match="left to others"):
        read_all(adapter, ACCOUNTS)
    assert "query" not in emulator.control.counters()["by_kind"]


def test_our_share_counts_our_own_calls_of_a_day(
    emulator: RunningEmulator, connect: Connect, clock: FakeClock
) -> None:
    adapter = connect(budget_share="0.005", budget_reserve="0")
    emulator.control.settings(daily_limit=1000)
    adapter.describe("Account")
    for _ in range(4):
        read_all(adapter, ACCOUNTS)
    with pytest.raises(BudgetError, match="its share, 5 of the org's 1000"):
        read_all(adapter, ACCOUNTS)
    clock.sleep(25 * 3600)
    assert count_rows(read_all(adapter, ACCOUNTS)) == 0


def test_the_vendors_clock_is_kept(emulator: RunningEmulator, connect: Connect) -> None:
    moment = datetime(2027, 5, 1, 12, 30, 15, tzinfo=UTC)
    adapter = connect()
    assert adapter.server_time() is None
    emulator.control.set_clock(moment, frozen=True)
    adapter.describe("Account")
    assert adapter.server_time() == moment
