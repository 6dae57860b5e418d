from __future__ import annotations

import logging
import socket
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator, start
from connector.errors import (
    CreditflagError,
    RefusedError,
    SecretError,
    SignInError,
    TransientError,
    UnreachableError,
)
from connector.ports.crm import PullRequest, WriteRow
from tests.adapters.salesforce.conftest import Connect
from tests.adapters.salesforce.connections import (
    REFERENCE,
    FakeClock,
    MemorySecrets,
    count_rows,
    make_opening,
    read_all,
)
from tests.adapters.salesforce.raw_server import send_json, serve_raw

CANARY = "canary-9f3b7c1e-do-not-show"


def count_logins(emulator: RunningEmulator) -> int:
    return int(emulator.control.counters()["by_kind"].get("token", 0))


def test_check_names_what_was_reached(adapter: SalesforceAdapter) -> None:
    told = adapter.check()
    assert told["organisation"].startswith("Emulated Org (00D")
    assert told["user"].endswith("@example.com")
    assert told["api_version"] == "66.0"
    assert told["calls_left"].endswith("of 100000")
    assert adapter.call_counts()["write"] == 0


def test_a_wrong_secret_is_told_and_not_tried_again_and_again(
    emulator: RunningEmulator, connect: Connect, clock: FakeClock
) -> None:
    adapter = connect(secret="wrong")
    for _ in range(3):
        with pytest.raises(SignInError) as caught:
            adapter.describe("Account")
        assert "client id or secret" in str(caught.value)
        assert "check client_id" in str(caught.value).lower()
    assert count_logins(emulator) == 1
    clock.sleep(301)
    with pytest.raises(SignInError):
        adapter.describe("Account")
    assert count_logins(emulator) == 2


def test_opening_again_tries_a_mended_secret_at_once(
    emulator: RunningEmulator, connect: Connect
) -> None:
    with pytest.raises(SignInError):
        connect(secret="wrong").describe("Account")
    assert connect().describe("Account") is not None


def test_a_wrong_client_id_is_told(connect: Connect) -> None:
    with pytest.raises(SignInError, match="client id or secret"):
        connect(client_id="3MVG9unknown").describe("Account")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"error": "invalid_grant", "error_description": "request not supported on this domain"},
            "My Domain",
        ),
        (
            {"error": "invalid_grant", "error_description": "no client credentials user enabled"},
            "run-as user",
        ),
        (
            {"error": "unsupported_grant_type", "error_description": "grant type not supported"},
            "flow",
        ),
        ({"error": "inactive_user", "error_description": "user is inactive"}, "activate"),
        ({"error": "something_new", "error_description": "who knows"}, "who knows"),
        ("<html>not found</html>", "does not answer as Salesforce"),
        ([], "does not answer as Salesforce"),
        ({"error": None}, "does not answer as Salesforce"),
    ],
)
def test_a_refused_sign_in_says_what_to_do(
    emulator: RunningEmulator, adapter: SalesforceAdapter, body: object, words: str
) -> None:
    emulator.control.add_faults(
        {"action": "respond", "kind": "token", "status": 400, "body": body, "times": None}
    )
    with pytest.raises(SignInError, match=words) as caught:
        adapter.describe("Account")
    assert caught.value.where == "sign-in, 127.0.0.1"


def test_a_busy_token_endpoint_is_waited_for(
    emulator: RunningEmulator, adapter: SalesforceAdapter, clock: FakeClock
) -> None:
    emulator.control.add_faults(
        {
            "action": "respond",
            "kind": "token",
            "status": 503,
            "body": "<html>",
            "headers": {"Retry-After": "7"},
        }
    )
    assert adapter.describe("Account") is not None
    assert clock.sleeps
    assert clock.sleeps[0] >= 7


@pytest.mark.parametrize(
    "body",
    [
        {"access_token": "", "instance_url": "https://acme.my.salesforce.com"},
        {"access_token": "a\r\nHost: b", "instance_url": "https://acme.my.salesforce.com"},
        {"access_token": "t", "instance_url": "http://elsewhere.example.com"},
        ["token"],
    ],
)
def test_a_token_answer_that_is_not_sound_is_not_used(body: object) -> None:
    with serve_raw(lambda connection, _request: send_json(connection, body)) as server:
        adapter = open_at(server.url)
        with pytest.raises(TransientError, match="no complete answer"):
            adapter.describe("Account")
        adapter.close()
    assert all(request.startswith(b"POST /services/oauth2/token") for request in server.requests)


def test_an_unreachable_host_is_told_soon(clock_free: FakeClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    adapter = open_at(f"http://127.0.0.1:{port}", clock_free)
    with pytest.raises(UnreachableError, match="connection was refused") as caught:
        adapter.describe("Account")
    assert "Check url" in str(caught.value)
    assert len(clock_free.sleeps) == 2
    adapter.close()


def test_a_redirect_is_not_followed() -> None:
    def speak(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example.com/\r\n"
            b"Content-Length: 0\r\nConnection: close\r\n\r\n"
        )

    with serve_raw(speak) as server:
        adapter = open_at(server.url)
        with pytest.raises(SignInError, match="does not answer as Salesforce"):
            adapter.describe("Account")
        adapter.close()
    assert len(server.requests) == 1


def test_a_missing_secret_names_its_reference(emulator: RunningEmulator) -> None:
    opening = make_opening(emulator.url, client_id="c", secret="x")
    opening.secrets.values.clear()  # type: ignore[attr-defined]
    adapter = SalesforceAdapter(opening)
    with pytest.raises(SecretError, match=REFERENCE):
        adapter.describe("Account")
    adapter.close()
    assert count_logins(emulator) == 0


def test_a_version_that_is_not_served_is_told(connect: Connect) -> None:
    with pytest.raises(RefusedError, match=r"serves 31\.0 to 66\.0"):
        connect(api_version="67.0").check()


def test_one_process_signs_in_once_for_each_org(
    emulator: RunningEmulator, connect: Connect
) -> None:
    for _ in range(3):
        connect().describe("Account")
    assert count_logins(emulator) == 1


def test_a_session_that_ends_while_reading_is_renewed_without_a_trace(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    emulator.control.seed("Account", [{"Name": f"A{i}"} for i in range(5000)])
    emulator.control.add_faults({"action": "expire_sessions", "kind": "query_more"})
    pages = read_all(adapter, PullRequest("Account", ("Name",)))
    assert count_rows(pages) == 5000
    kinds = emulator.control.counters()["by_kind"]
    assert kinds["token"] == 2
    assert kinds["query_more"] == 3  # one of them met the ended session


def test_the_repeated_call_is_the_same_but_for_its_token() -> None:
    tokens = iter(["00D000000000001!first", "00D000000000001!second"])
    ended = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]

    def speak(line: socket.socket, request: bytes) -> None:
        if request.startswith(b"POST /services/oauth2/token"):
            send_json(line, {"access_token": next(tokens), "instance_url": server.url})
        elif b"!first" in request:
            send_json(line, ended, "401 Unauthorized")
        elif b"/describe" in request:
            fields = [{"name": "Name", "type": "string", "updateable": True}]
            send_json(line, {"name": "Account", "fields": fields})
        else:
            send_json(line, [{"id": "001RM000003oCprYAE", "success": True, "errors": []}])

    with serve_raw(speak) as server:
        adapter = open_at(server.url)
        row = WriteRow({"Name": "B"}, record_id="001RM000003oCprYAE")
        (outcome,) = adapter.update("Account", [row])
        adapter.close()
    assert outcome.state == "ok"
    asked = [r for r in server.requests if b"/describe" in r]
    assert len(asked) == 2
    assert asked[0].replace(b"!first", b"!second") == asked[1]
    (sent,) = [r for r in server.requests if r.startswith(b"PATCH")]
    assert b'"Name": "B"' in sent
    assert b"Content-Type: application/json" in sent


def test_many_threads_renew_an_ended_session_once(
    emulator: RunningEmulator, connect: Connect
) -> None:
    emulator.control.seed("Account", [{"Name": f"A{i}"} for i in range(10)])
    adapters = [connect() for _ in range(6)]
    for adapter in adapters:
        adapter.describe("Account")
    emulator.control.expire_sessions()
    together = threading.Barrier(len(adapters))

    def read(adapter: SalesforceAdapter) -> int:
        together.wait()
        return count_rows(read_all(adapter, PullRequest("Account", ("Name",))))

    with ThreadPoolExecutor(len(adapters)) as pool:
        assert list(pool.map(read, adapters)) == [10] * len(adapters)
    assert count_logins(emulator) == 2


def test_a_write_meets_an_ended_session_and_is_applied_once(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    (record_id,) = emulator.control.seed("Account", [{"Name": "A"}])
    adapter.describe("Account")
    emulator.control.expire_sessions()
    (outcome,) = adapter.update("Account", [WriteRow({"Name": "B"}, record_id=record_id)])
    assert outcome.state == "ok"
    assert emulator.control.counters()["record_writes"] == {"Account": {record_id: 1}}


def test_a_fresh_session_that_is_refused_too_ends_in_one_sentence(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    body = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    emulator.control.add_faults(
        {"action": "respond", "kind": "describe", "status": 401, "body": body, "times": None}
    )
    for _ in range(3):
        with pytest.raises(SignInError, match="login IP ranges"):
            adapter.describe("Account")
    assert count_logins(emulator) == 2


def test_tls_needs_the_authority_that_was_named() -> None:
    with start() as emulator:
        clock = FakeClock(emulator.control.now())
        trusting = SalesforceAdapter(
            make_opening(
                emulator.tls_url,
                client_id=emulator.client_id,
                secret=emulator.client_secret,
                options={"ca_file": str(emulator.ca_file)},
                clock=clock,
            )
        )
        assert trusting.describe("Account") is not None
        trusting.close()
        doubting = SalesforceAdapter(
            make_opening(emulator.tls_url, client_id="another", secret="x", clock=clock)
        )
        with pytest.raises(UnreachableError, match="certificate is not trusted"):
            doubting.describe("Account")
        doubting.close()


def test_the_environment_changes_nothing(
    emulator: RunningEmulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    assert connect().describe("Account") is not None


def test_the_secret_shows_nowhere(
    emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []

    def echo(connection: socket.socket, request: bytes) -> None:
        body = {"error": "invalid_grant", "error_description": request.decode()[-2000:]}
        send_json(connection, body, "400 Bad Request")

    with serve_raw(echo) as server:
        adapter = open_at(server.url, secret=CANARY)
        with pytest.raises(SignInError) as caught:
            adapter.describe("Account")
        told += tell_all(caught.value, adapter)
        adapter.close()
    for action in ("drop_before", "html", "truncate"):
        emulator.control.add_faults({"action": action, "kind": "token", "times": None})
        adapter = open_at(emulator.url, secret=CANARY)
        with pytest.raises(CreditflagError) as failed:
            adapter.describe("Account")
        told += tell_all(failed.value, adapter)
        emulator.control.clear_faults()
        adapter.close()
    told += [record.getMessage() for record in caplog.records]
    assert caplog.records
    assert not [text for text in told if CANARY in text]


def test_the_token_shows_nowhere(
    emulator: RunningEmulator, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    adapter = connect()
    adapter.describe("Account")
    (token,) = emulator.service.org.sessions
    told: list[str] = []
    for action in ("drop_before", "truncate"):
        emulator.control.add_faults({"action": action, "kind": "query", "times": None})
        with pytest.raises(CreditflagError) as caught:
            read_all(adapter, PullRequest("Account", ("Name",)))
        told += tell_all(caught.value, adapter)
        emulator.control.clear_faults()
    told += [record.getMessage() for record in caplog.records]
    assert not [text for text in told if token in text]


def tell_all(error: CreditflagError, adapter: SalesforceAdapter) -> list[str]:
    return [
        str(error),
        repr(error),
        repr(error.params),
        "".join(traceback.format_exception(error)),
        repr(adapter),
        repr(vars(adapter)),
    ]


@pytest.fixture
def clock_free() -> FakeClock:
    return FakeClock(datetime(2030, 1, 1, tzinfo=UTC))


def open_at(url: str, clock: FakeClock | None = None, *, secret: str = "") -> SalesforceAdapter:
    opening = make_opening(url, client_id="3MVG9", secret=secret, clock=clock)
    assert isinstance(opening.secrets, MemorySecrets)
    return SalesforceAdapter(opening)
