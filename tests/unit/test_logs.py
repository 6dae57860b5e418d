from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.logs import ALLOWED_KEYS, configure, get_logger, mask, record_bug

ROOT = Path(__file__).resolve().parents[2]
CANARY = "Xq7-canary_55c1"
SESSION = "00D5g000001abcdEAA!AQ0AQF.canary_55c1"
SIGNED = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl-canary"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """What other tests log goes where it went before."""
    yield
    configure()  # closes the file of the test


def written(**event: Any) -> dict[str, Any]:
    """The line that an event becomes."""
    stream = io.StringIO()
    configure("debug", stream=stream)
    get_logger().info("read", **event)
    line: dict[str, Any] = json.loads(stream.getvalue())
    return line


def test_a_line_is_one_json_object_with_time_level_and_event() -> None:
    stream = io.StringIO()
    configure("info", stream=stream)
    get_logger(connection="crm").info("read", feed="invoice", rows=3)
    get_logger().warning("slow\nvendor", ms=12.5)
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first.pop("ts").endswith("Z")
    assert first == {
        "level": "info", "event": "read", "connection": "crm", "feed": "invoice", "rows": 3,
    }  # fmt: skip
    assert second["event"] == "slow\nvendor"
    assert second["ms"] == 12.5


def test_keys_outside_the_list_are_dropped_and_counted() -> None:
    line = written(feed="account", name="Müller GmbH", phone="+49 30 1234", body={"Name": "M"})
    assert set(line) <= ALLOWED_KEYS
    assert line["dropped"] == 3
    assert "Müller" not in json.dumps(line, ensure_ascii=False)


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"authorization: Basic {CANARY}",
        f"{{'Authorization': 'Bearer {CANARY}'}}",
        f"bearer {CANARY}",
        f'{{"access_token":"{CANARY}","scope":"api"}}',
        f'{{"refresh_token" : "{CANARY}"}}',
        f'"{{\\"access_token\\": \\"{CANARY}\\"}}"',
        f"grant_type=client_credentials&client_id=a&client_secret={CANARY}",
        f"client_secret={CANARY}&grant_type=password&password={CANARY}",
        f"assertion={CANARY}",
        f"https://crm.example/query?access_token={CANARY}#top",
        f"Cookie: sid={CANARY}; Path=/",
        f"X-Auth-Token: {CANARY}",
        f"password='{CANARY}', user='ann'",
        f"postgresql://ann:{CANARY}@db.example/credit",
        f"INVALID_SESSION_ID: Session {SESSION} expired",
        f"<sessionId>{SESSION}</sessionId>",
        f"the assertion was {SIGNED}",
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str) -> None:
    assert "***" in mask(text)
    assert "canary" not in mask(text)
    assert "canary" not in json.dumps(written(error=text))


@pytest.mark.parametrize(
    "text",
    [
        "invoice: 12,000.00 EUR overdue since 2025-01-31",
        "the token request took 3 ms",
        "considered 5 parties; inside: 3",
        "services/data/v66.0/query?q=SELECT Id FROM Account",
        "001xx000003DGb2AAG",
        "https://crm.example:8443/services",
        "The secret env:CRM_SECRET is empty.",
        "",
    ],
)
def test_ordinary_text_stays_readable(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "value",
    [
        ValueError(f"client_secret={CANARY}"),
        {"headers": {"Authorization": f"Bearer {CANARY}"}, "n": 1},
        [f"password={CANARY}", 2],
        (f"sid={CANARY}",),
        {f"token={CANARY}": None},
    ],
)
def test_values_are_masked_however_deep_they_lie(value: object) -> None:
    assert "canary" not in json.dumps(written(error=value))


def test_numbers_and_flags_stay_what_they_are() -> None:
    assert written(rows=3, ms=1.5, outcome=True, code=None) | {"ts": ""} == {
        "ts": "", "level": "info", "event": "read", "rows": 3, "ms": 1.5, "outcome": True,
        "code": None,
    }  # fmt: skip


def test_less_important_lines_are_left_out() -> None:
    stream = io.StringIO()
    configure("warning", stream=stream)
    get_logger().info("read")
    get_logger().error("failed")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["failed"]


def test_other_peoples_debug_lines_never_come_through() -> None:
    configure("debug", stream=io.StringIO())
    for name in ("urllib3", "urllib3.connectionpool", "requests", "simple_salesforce", "django.db"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO), name


def test_the_log_file_is_private_and_grows(tmp_path: Path) -> None:
    file = tmp_path / "creditflag.log"
    file.write_text("", encoding="utf-8")
    file.chmod(0o644)
    for event in ("first", "second"):
        configure("info", file=file)
        get_logger().info(event)
    events = [json.loads(line)["event"] for line in file.read_text(encoding="utf-8").splitlines()]
    assert events == ["first", "second"]
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600


def test_the_former_log_file_is_closed(tmp_path: Path) -> None:
    from connector import logs

    configure("info", file=tmp_path / "one.log")
    (former,) = logs._opened
    configure("info", file=tmp_path / "two.log")
    assert former.closed
    assert [Path(handle.name).name for handle in logs._opened] == ["two.log"]


def test_before_anything_is_configured_only_warnings_come_and_on_standard_error() -> None:
    script = (
        "from connector.logs import get_logger\n"
        "get_logger().info('quiet')\n"
        f"get_logger().warning('loud', error='password={CANARY}', name='Müller')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout == ""
    line = json.loads(ended.stderr)
    assert (line["event"], line["error"], line["dropped"]) == ("loud", "password=***", 1)


def test_a_bug_goes_to_the_log_in_use(tmp_path: Path) -> None:
    configure("error", file=tmp_path / "creditflag.log")
    assert record_bug(f"Traceback …\nclient_secret={CANARY}") == tmp_path / "creditflag.log"
    line = json.loads((tmp_path / "creditflag.log").read_text(encoding="utf-8"))
    assert line["event"] == "bug"
    assert line["error"] == "Traceback …\nclient_secret=***"


def test_a_bug_without_log_gets_a_private_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    file = record_bug(f"Traceback …\nclient_secret={CANARY}")
    assert file.parent == tmp_path
    assert file.read_text(encoding="utf-8") == "Traceback …\nclient_secret=***"
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600


@given(st.text())
def test_masking_takes_any_text_and_does_not_grow_with_repetition(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@given(
    st.sampled_from(["access_token", "client_secret", "password", "sid", "refresh_token"]),
    st.sampled_from(["=", ": ", '":"', '": "', "': '", '\\": \\"']),
    st.text(alphabet="abcdefXYZ0123456789!._-+/%~*", min_size=8, max_size=60),
)
def test_no_piece_of_a_named_secret_survives(name: str, sign: str, secret: str) -> None:
    shown = mask(f"error at {name}{sign}{secret}")
    assert secret not in shown
    assert shown == f"error at {name}{sign}***"
