"""The vendor's own command line works against the emulator, from login to deployment."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.judges.programs import find_node, find_package, run

Json = dict[str, Any]
Sf = Callable[..., Any]
# No call home, no keychain of the machine, nothing but the test's own folder.
QUIET = {
    "SF_AUTOUPDATE_DISABLE": "true",
    "SF_DISABLE_AUTOUPDATE": "true",
    "SF_DISABLE_LOG_FILE": "true",
    "SF_DISABLE_TELEMETRY": "true",
    "SF_HIDE_RELEASE_NOTES": "true",
    "SF_SKIP_NEW_VERSION_CHECK": "true",
    "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
    "SF_USE_PROGRESS_BAR": "false",
}
FIELD = """<?xml version="1.0" encoding="UTF-8"?>
<CustomField xmlns="http://soap.sforce.com/2006/04/metadata">
    <fullName>Judge_Note__c</fullName>
    <label>Judge Note</label>
    <length>80</length>
    <type>Text</type>
</CustomField>
"""
BROKEN = FIELD.replace("<length>80</length>", "")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A source project with one field on the account."""
    settings = {
        "packageDirectories": [{"path": "force-app", "default": True}],
        "sourceApiVersion": "66.0",
    }
    (tmp_path / "sfdx-project.json").write_text(json.dumps(settings))
    fields = tmp_path / "force-app/main/default/objects/Account/fields"
    fields.mkdir(parents=True)
    (fields / "Judge_Note__c.field-meta.xml").write_text(FIELD)
    return tmp_path


@pytest.fixture
def sf(emulator: Any, token: str, project: Path) -> Sf:
    """A function that runs one command, signed in by access token, and returns its result."""
    node = find_node()
    command = [node, str(find_package("@salesforce/cli") / "bin" / "run.js")]
    environment = {**QUIET, "SF_ACCESS_TOKEN": token}

    def work(*arguments: str) -> Any:
        said = json.loads(run([*command, *arguments, "--json"], environment, project))
        assert said["status"] == 0, said
        return said["result"]

    who = work(
        *("org", "login", "access-token", "--instance-url", emulator.url),
        *("--no-prompt", "--set-default", "--alias", "judge"),
    )
    assert who["username"] == "creditflag.integration@example.com"
    assert who["orgId"] == emulator.control.settings()["org_id"]
    return work


def test_reads_the_org(emulator: Any, sf: Sf) -> None:
    emulator.control.seed("Account", [{"Name": f"Firm {n}"} for n in range(2100)])
    described = sf("sobject", "describe", "--sobject", "Account")
    assert "Credit_Limit__c" in {field["name"] for field in described["fields"]}
    limits = {limit["name"]: limit for limit in sf("limits", "api", "display")}
    assert limits["DailyApiRequests"]["max"] == 100_000
    found = sf("data", "query", "--query", "SELECT Name, Owner.Name FROM Account ORDER BY Name")
    assert (found["totalSize"], len(found["records"])) == (2100, 2100)
    assert found["records"][0]["Owner"]["Name"] == "Ann Admin"


def test_moves_records_in_bulk(emulator: Any, sf: Sf, project: Path, by_key: Any) -> None:
    emulator.control.seed(
        "Account", [{"Name": f"Firm {n}", "ERP_Id__c": f"K{n}"} for n in range(3)]
    )
    (project / "up.csv").write_text("ERP_Id__c,Name,Credit_Limit__c\nK1,Renamed,12.5\nNEW,New,1\n")
    done = sf(
        *("data", "upsert", "bulk", "--sobject", "Account", "--file", "up.csv"),
        *("--external-id", "ERP_Id__c", "--wait", "2"),
    )
    assert done["jobInfo"]["state"] == "JobComplete"
    made = {row["ERP_Id__c"]: row["sf__Created"] for row in done["records"]["successfulResults"]}
    assert made == {"K1": "false", "NEW": "true"}
    world = by_key()
    assert (world["K1"]["Name"], world["K1"]["Credit_Limit__c"]) == ("Renamed", 12.5)
    assert world["NEW"]["Name"] == "New"

    emulator.control.settings(bulk_page_rows=2)
    exported = sf(
        *("data", "export", "bulk", "--query", "SELECT ERP_Id__c, Name FROM Account"),
        *("--output-file", "out.csv", "--result-format", "csv", "--wait", "2"),
    )
    assert exported["totalSize"] == 4
    with (project / "out.csv").open(newline="") as file:
        saved = {row["ERP_Id__c"]: row["Name"] for row in csv.DictReader(file)}
    assert saved == {key: row["Name"] for key, row in world.items()}


def test_deploys_a_field_that_then_is_there(emulator: Any, sf: Sf) -> None:
    done = sf("project", "deploy", "start", "--source-dir", "force-app", "--wait", "2")
    assert (done["status"], done["numberComponentErrors"]) == ("Succeeded", 0)
    names = [entry["fullName"] for entry in done["details"]["componentSuccesses"]]
    assert "Account.Judge_Note__c" in names
    (record_id,) = emulator.control.seed("Account", [{"Name": "Acme"}])
    emulator.control.edit("Account", record_id, {"Judge_Note__c": "seen"})
    assert emulator.control.record("Account", record_id)["Judge_Note__c"] == "seen"


def test_a_broken_field_is_refused_with_its_name(emulator: Any, sf: Sf, project: Path) -> None:
    path = project / "force-app/main/default/objects/Account/fields/Judge_Note__c.field-meta.xml"
    path.write_text(BROKEN)
    with pytest.raises(AssertionError, match="Judge_Note__c"):
        sf("project", "deploy", "start", "--source-dir", "force-app", "--wait", "2")
    (record_id,) = emulator.control.seed("Account", [{"Name": "Acme"}])
    assert "Judge_Note__c" not in emulator.control.record("Account", record_id)
