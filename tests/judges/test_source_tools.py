"""The vendor's own source tools read our app: they convert it, and install it as we would."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.salesforce.components import (
    Component,
    Key,
    find_differences,
    read_package,
    write_manifest,
)
from adapters.salesforce.deploy import CHINESE, MAIN, PARTS, load_app
from adapters.salesforce.metadata import APP
from adapters.salesforce.setup import SalesforceSetup
from connector.ports.setup import Step
from tests.adapters.salesforce.connections import FakeClock, make_opening
from tests.judges.programs import find_node, find_package, run
from tests.judges.test_judge_sf import QUIET

FOLDERS = (MAIN, *PARTS, CHINESE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The app as it ships, without the tools for its tests."""
    for folder in FOLDERS:
        shutil.copytree(APP / folder, tmp_path / folder)
    for name in ("sfdx-project.json", ".forceignore"):
        shutil.copy(APP / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def sf(project: Path) -> Callable[..., Any]:
    """Runs the vendor's command line within the project; its result as JSON."""
    command = [find_node(), str(find_package("@salesforce/cli") / "bin" / "run.js")]

    def work(*arguments: str, **environment: str) -> Any:
        said = json.loads(run([*command, *arguments, "--json"], QUIET | environment, project))
        assert said["status"] == 0, said
        return said["result"]

    return work


def whole_app() -> dict[Key, Component]:
    return {key: part for folder in FOLDERS for key, part in load_app(folder).items()}


def test_the_app_is_converted_as_we_pack_it(sf: Callable[..., Any], project: Path) -> None:
    sources = [word for folder in FOLDERS for word in ("--source-dir", folder)]
    sf("project", "convert", "source", *sources, "--output-dir", "out")
    out = project / "out"
    files = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != "package.xml"
    }
    theirs, ours = read_package(files), whole_app()
    assert theirs.keys() == ours.keys()
    assert not {key: told for key in ours if (told := find_differences(ours[key], theirs[key]))}
    assert not {key: told for key in ours if (told := find_differences(theirs[key], ours[key]))}
    manifest = (out / "package.xml").read_text(encoding="utf-8")
    for line in write_manifest(ours, "66.0").decode().splitlines():
        if "<members>" in line and "CreditFlag_Heartbeat__c." not in line:
            assert line.strip() in manifest


def test_what_the_vendors_tools_install_is_what_we_would_install(
    emulator: Any, token: str, sf: Callable[..., Any]
) -> None:
    emulator.control.settings(languages="zh_CN")
    sf("org", "login", "access-token", "--instance-url", emulator.url, "--no-prompt",
       "--set-default", "--alias", "judge", SF_ACCESS_TOKEN=token)  # fmt: skip
    sources = [word for folder in (MAIN, *PARTS) for word in ("--source-dir", folder)]
    deployed = sf("project", "deploy", "start", *sources, "--wait", "3")
    assert deployed["success"]
    setup = SalesforceSetup(
        make_opening(
            emulator.url,
            client_id=emulator.client_id,
            secret=emulator.client_secret,
            clock=FakeClock(emulator.control.now()),
        )
    )
    try:
        plan = setup.plan_app(PARTS)
    finally:
        setup.close()
    assert {item.step for item in plan.items} == {Step.SAME, Step.LEFT_OUT}
