"""What operators start the daemon with: systemd unit, container, compose file, Windows notes."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from connector.settings import DaemonSettings, JobSettings

ROOT = Path(__file__).resolve().parent.parent
UNIT = ROOT / "scripts" / "creditflag.service"
CONTAINER = ROOT / "scripts" / "Containerfile"
COMPOSE = ROOT / "scripts" / "compose.yaml"
PAGE = ROOT / "docs" / "operating.md"
STOP_SECONDS = DaemonSettings().stop_seconds


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[method-assign,assignment]  # names keep their capitals
    parser.read(UNIT, encoding="utf-8")
    return parser


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", CONTAINER.read_text(encoding="utf-8"), flags=re.M)
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (ln.partition(" ") for ln in lines) if word]


def compose_service() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    (service,) = content["services"].values()
    assert isinstance(service, dict)
    return service


def test_the_unit_waits_for_ready_watches_and_stops_in_time() -> None:
    service = unit()["Service"]
    assert service["Type"] == "notify"
    assert service["ExecStart"].endswith(" daemon")
    assert service["Restart"] == "on-failure"
    assert int(service["TimeoutStopSec"]) > STOP_SECONDS
    assert int(service["WatchdogSec"]) > STOP_SECONDS > 3 * DaemonSettings().tick_seconds
    assert service["KillSignal"] == "SIGTERM"


def test_the_unit_gives_no_more_than_is_needed() -> None:
    service = unit()["Service"]
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices"):
        assert service[name] == "true"
    assert service["ProtectSystem"] == "strict"
    assert (service["StateDirectory"], service["StateDirectoryMode"]) == ("creditflag", "0700")
    assert service["User"] not in ("", "root")
    assert re.fullmatch(r"[\w-]+:/etc/creditflag/[\w-]+", service["LoadCredential"])
    assert service["CapabilityBoundingSet"] == ""


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    # A program that is there, or systemd complains about ours.
    text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(encoding="utf-8"))
    copy = tmp_path / "creditflag.service"
    copy.write_text(text, encoding="utf-8")
    answer = subprocess.run(
        [tool, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )
    ours = [line for line in answer.stderr.splitlines() if "creditflag.service" in line]
    assert ours == []


def test_the_container_is_not_root_and_hears_signals() -> None:
    words = instructions()
    last = dict(words)
    assert last["USER"] not in ("root", "0")
    assert [word for word, rest in words if word in ("ENTRYPOINT", "CMD") and rest[0] != "["] == []
    assert last["CMD"] == '["daemon"]'
    assert last["STOPSIGNAL"] == "SIGTERM"
    assert '"status", "--check"' in last["HEALTHCHECK"]
    assert "VOLUME" in last
    users = [number for number, (word, _) in enumerate(words) if word == "USER"]
    assert max(users) < [word for word, _ in words].index("ENTRYPOINT")


def test_what_the_container_copies_is_there() -> None:
    sources = [
        name
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
        for name in rest.split()[:-1]
    ]
    assert len(sources) >= 6
    assert [name for name in sources if not (ROOT / name).exists()] == []
    assert "--require-hashes" in CONTAINER.read_text(encoding="utf-8")


def test_compose_leaves_time_to_stop_and_checks_health() -> None:
    service = compose_service()
    assert (COMPOSE.parent / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    assert int(service["stop_grace_period"].removesuffix("m")) * 60 > STOP_SECONDS
    assert service["healthcheck"]["test"] == ["CMD", "creditflag", "status", "--check"]
    assert isinstance(service["command"], list)
    assert service["hostname"]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True


def test_the_windows_wrapper_is_well_formed_and_leaves_time_to_stop() -> None:
    (block,) = re.findall(r"```xml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    wrapper = ElementTree.fromstring(block)  # noqa: S314  # our own page
    assert (wrapper.findtext("arguments") or "").endswith(" daemon")
    assert int((wrapper.findtext("stoptimeout") or "").removesuffix("sec")) > STOP_SECONDS


def test_keys_of_a_job_are_documented_with_their_defaults() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    section = text.split("### [daemon.jobs.NAME]")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \|", section, re.M)
    expected = {
        name: "required" if info.is_required() else f'`"{info.default}"`'
        for name, info in JobSettings.model_fields.items()
    }
    assert dict(rows) == expected


def test_each_kind_of_job_is_told() -> None:
    kinds = JobSettings.model_fields["do"].annotation
    table = PAGE.read_text(encoding="utf-8").split("## Jobs")[1].split("## One")[0]
    told = re.findall(r"^\| `(\w+)` \|", table.split("|---|")[1], re.M)
    assert set(told) == set(getattr(kinds, "__args__", ()))
