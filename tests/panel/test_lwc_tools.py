"""The components pass the vendor's tests, lint and format, and name only what is there."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from adapters.salesforce.custom_fields import CREDIT_FIELD_NAMES
from scripts import make_panel_texts
from tests.chinese_signs import full_width
from tests.panel import sentences
from tests.panel.conftest import APP

FORCE_APP = APP / "force-app" / "main" / "default"
LWC = FORCE_APP / "lwc"
SOAP = "{http://soap.sforce.com/2006/04/metadata}"
SOURCES = sorted(
    path for path in LWC.rglob("*") if path.suffix in (".js", ".html") and path.is_file()
)
CHINESE = re.compile(r"'([^'\n]*[\u4e00-\u9fff][^'\n]*)'")


def run(folder: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [f"node_modules/.bin/{program}", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=300
    )


def scripts() -> dict[str, str]:
    package: dict[str, Any] = json.loads((APP / "package.json").read_text(encoding="utf-8"))
    return dict(package["scripts"])


@pytest.mark.slow
def test_the_components_pass_their_tests(panel_tools: Path) -> None:
    told = run(panel_tools, "sfdx-lwc-jest", "--", "--json")
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout[told.stdout.index("{") :])
    assert report["numFailedTests"] == report["numPendingTests"] == 0
    assert report["numPassedTests"] > 200


@pytest.mark.slow
def test_the_components_pass_the_vendors_lint(panel_tools: Path) -> None:
    assert scripts()["lint"] == "eslint force-app jest"
    told = run(panel_tools, "eslint", "--max-warnings", "0", "force-app", "jest")
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.slow
def test_the_components_are_formatted(panel_tools: Path) -> None:
    patterns = re.findall(r'"([^"]+)"', scripts()["format:check"])
    told = run(panel_tools, "prettier", "--check", *patterns)
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_lock_names_versions_and_digests_and_no_address() -> None:
    text = (APP / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    packages = json.loads(text)["packages"]
    assert len(packages) > 400
    without = [name for name, entry in packages.items() if name and "integrity" not in entry]
    assert not without


def test_message_tables_are_what_the_credit_room_says() -> None:
    written = make_panel_texts.TARGET.read_text(encoding="utf-8")
    assert written == make_panel_texts.render(), "run: python -m scripts.make_panel_texts"


def test_compared_sentences_are_what_the_credit_room_says() -> None:
    written = sentences.TARGET.read_text(encoding="utf-8")
    assert written == sentences.render(), "run: python -m tests.panel.sentences"


def test_every_field_that_is_imported_is_one_that_is_deployed() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    imported = set(re.findall(r"@salesforce/schema/Account\.(\w+)", text))
    assert len(imported) >= 16
    fields = FORCE_APP / "objects" / "Account" / "fields"
    deployed = {path.name.split(".")[0] for path in fields.glob("*.field-meta.xml")}
    assert imported <= deployed
    shown_elsewhere = {"flags", "proposed_limit", "allowed_terms", "action", "action_due"}
    wanted = {name for field, name in CREDIT_FIELD_NAMES.items() if field not in shown_elsewhere}
    assert wanted <= imported


def test_readers_may_see_what_the_panel_reads() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    imported = set(re.findall(r"@salesforce/schema/(Account\.\w+)", text))
    permission_set = FORCE_APP / "permissionsets" / "CreditFlag_Reader.permissionset-meta.xml"
    granted = {
        entry.findtext(f"{SOAP}field")
        for entry in ET.parse(permission_set).iter(f"{SOAP}fieldPermissions")  # noqa: S314
        if entry.findtext(f"{SOAP}readable") == "true"
    }
    assert imported <= granted


def test_every_bundle_is_described_and_only_two_are_offered_to_pages() -> None:
    offered = {}
    for folder in sorted(path for path in LWC.iterdir() if path.is_dir()):
        meta = ET.parse(folder / f"{folder.name}.js-meta.xml").getroot()  # noqa: S314
        if meta.findtext(f"{SOAP}isExposed") == "true":
            offered[folder.name] = {entry.text for entry in meta.iter(f"{SOAP}object")}
    assert offered == {
        "creditRiskPanel": {"Account"},
        "creditRiskBadge": {"Order", "Opportunity"},
    }


def test_chinese_words_have_wide_signs() -> None:
    said = CHINESE.findall((LWC / "creditTexts" / "words.js").read_text(encoding="utf-8"))
    assert len(said) > 50
    assert not [text for text in said if full_width(text) != text]


def test_components_write_text_only_and_call_nothing() -> None:
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        assert "innerHTML" not in text
        assert "lwc:inner-html" not in text
        if "__tests__" not in path.parts:
            assert not re.search(r"fetch\(|XMLHttpRequest|@salesforce/apex|eval\(", text), path
