"""The emulator as a process of its own, and what a restart keeps."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from adapters.emulatorkit.client import EmulatorControl
from adapters.salesforce.emulator import start


def run(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "adapters.salesforce.emulator", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process, number=signal.SIGTERM):
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_line_of_json_and_a_clean_end(number):
    process = run()
    line = json.loads(process.stdout.readline())
    try:
        assert line["pid"] == process.pid
        for url in (line["url"], line["tls_url"]):
            answer = requests.get(f"{url}/services/data", verify=line["ca_file"], timeout=30)
            assert answer.json()[-1]["version"] == "66.0"
    finally:
        ended = end(process, number)
    assert ended == (0, "", "")
    with pytest.raises(requests.ConnectionError):
        requests.get(line["url"], timeout=5)


def test_a_killed_process_comes_back_with_its_records(tmp_path):
    data = tmp_path / "org.sqlite"
    first = run("--data", str(data), "--no-tls")
    line = json.loads(first.stdout.readline())
    with EmulatorControl(line["url"]) as control:
        control.apply_schema(
            {
                "objects": [
                    {
                        "name": "Account",
                        "fields": [
                            {
                                "name": "Key__c",
                                "type": "string",
                                "external_id": True,
                                "unique": True,
                            }
                        ],
                    }
                ]
            }
        )
        ids = control.seed("Account", [{"Name": "kept", "Key__c": "k"}, {"Name": "edited"}])
        control.edit("Account", ids[1], {"Name": "by hand"})
    token = requests.post(
        f"{line['url']}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(line["client_id"], line["client_secret"]),
        timeout=30,
    ).json()["access_token"]
    created = requests.post(
        f"{line['url']}/services/data/v66.0/sobjects/Account",
        json={"Name": "by call"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    ).json()["id"]
    first.kill()
    first.communicate(timeout=30)
    with start(data=data, tls=False) as again:
        assert again.client_id == line["client_id"]
        assert again.client_secret == line["client_secret"]
        names = {row["Id"]: row["Name"] for row in again.control.records("Account")}
        assert names == {ids[0]: "kept", ids[1]: "by hand", created: "by call"}
        fresh = again.control.seed("Account", [{"Name": "new"}])[0]
        assert fresh not in names
        token = requests.post(
            f"{again.url}/services/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(again.client_id, again.client_secret),
            timeout=30,
        ).json()["access_token"]
        found = requests.get(
            f"{again.url}/services/data/v66.0/sobjects/Account/Key__c/K",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ).json()
        assert found["Id"] == ids[0]


def test_deletes_clock_settings_and_authority_survive(tmp_path):
    data = tmp_path / "org.sqlite"
    with start(data=data) as first:
        control = first.control
        gone, kept = control.seed("Account", [{"Name": "a"}, {"Name": "b"}])
        control.remove("Account", [gone], "hard")
        control.settings(daily_limit=77)
        control.set_clock(control.now().replace(year=2040), frozen=True)
        moment = control.now()
        authority = Path(str(first.ca_file)).read_bytes()
    with start(data=data) as second:
        assert [row["Id"] for row in second.control.records("Account")] == [kept]
        assert second.control.settings()["daily_limit"] == 77
        assert second.control.now() == moment
        assert Path(str(second.ca_file)).read_bytes() == authority
        answer = requests.get(
            f"{second.tls_url}/services/data", verify=str(second.ca_file), timeout=30
        )
        assert answer.status_code == 200


def test_a_reset_empties_the_org_but_keeps_its_app(tmp_path):
    data = tmp_path / "org.sqlite"
    with start(data=data, tls=False) as first:
        first.control.apply_schema({"hide": ["Account.Site"]})
        first.control.seed("Account", [{"Name": "a"}])
        first.control.add_faults({"action": "html"})
        first.control.reset()
        assert first.control.records("Account") == []
        assert first.control.faults() == {"calls": [], "records": []}
        secret = first.client_secret
    with start(data=data, tls=False) as second:
        assert second.client_secret == secret
        assert second.control.records("Account") == []
        assert [user["LastName"] for user in second.control.records("User")] == [
            "Admin",
            "Integration",
        ]


def test_a_taken_port_is_one_sentence(tmp_path):
    with start(tls=False) as running:
        port = running.url.rsplit(":", 1)[1]
        process = run("--port", port, "--no-tls")
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("The emulator cannot start")
    assert "Traceback" not in err
