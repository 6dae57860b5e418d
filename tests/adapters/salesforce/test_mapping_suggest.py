"""`mapping suggest` and `mapping diff` against an org that names its receivables in Chinese."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.salesforce.emulator import RunningEmulator
from connector.cli.main import run
from connector.mapping.load import read_document

SETTINGS = """\
[company]
name = "Test"
currency = "CNY"

[connections.crm]
adapter = "salesforce"
mapping = ["salesforce"]
url = "{url}"
client_id = "{client_id}"
client_secret = "file:{secret}"
"""


def field(name: str, label: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": label, "type": kind, **more}


RECEIVABLES = {
    "objects": [
        {
            "name": "YS_Bill__c", "label": "应收单",
            "fields": [
                field("KH__c", "客户", "reference", reference_to="Account"),
                field("JE__c", "价税合计", "currency", precision=18, scale=2),
                field("KPRQ__c", "开票日期", "date"),
                field("DQR__c", "到期日", "date"),
            ],
        },
        {
            "name": "Account",
            "fields": [field("XYED__c", "信用额度", "currency", precision=18, scale=2)],
        },
    ]
}  # fmt: skip


@pytest.fixture
def config(emulator: RunningEmulator, tmp_path: Path) -> Path:
    emulator.control.apply_schema(RECEIVABLES)
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text(emulator.client_secret, encoding="utf-8")
    path = tmp_path / "creditflag.toml"
    path.write_text(
        SETTINGS.format(url=emulator.url, client_id=emulator.client_id, secret=secret),
        encoding="utf-8",
    )
    return path


def test_receivables_under_chinese_labels_are_proposed(
    emulator: RunningEmulator, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = tmp_path / "draft.yaml"
    arguments = ["--config", str(config), "mapping", "suggest", "crm"]
    run([*arguments, "--output", str(draft)])
    document = read_document(draft.read_text(encoding="utf-8"), "draft.yaml")
    invoice = document.entities["invoice"]
    assert invoice.object == "YS_Bill__c"
    assert {name: entry.paths for name, entry in invoice.fields.items() if entry.paths} == {
        "account_key": ("KH__c",), "number": ("Name",), "amount": ("JE__c",),
        "invoice_date": ("KPRQ__c",), "due_date": ("DQR__c",),
    }  # fmt: skip
    assert document.write["account"].fields["limit"].field == "XYED__c"
    assert document.entities["order"].fields["number"].path == "OrderNumber"
    assert emulator.control.writes() == []

    before = draft.read_bytes()
    assert run([*arguments, "--output", str(draft)]) == 2
    assert "left as it is" in capsys.readouterr().err
    assert draft.read_bytes() == before

    assert run(["--config", str(config), "mapping", "diff", "crm", str(draft)]) == 0
    told = capsys.readouterr().out
    assert "+ entities.invoice" in told
    assert "Every record of invoice is read again." in told
