"""Bad input: one sentence with the next step, the documented exit code, nothing written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest

from connector.credit.policy.document import shipped_policy
from connector.domain.change import digest
from tests.scenario.erp_company import AS_OF, ErpCompany, build_company, feeds_of
from tests.scenario.world import Ended, share_programs

pytestmark = pytest.mark.slow

INVOICES = """Customer No,Invoice No,Currency,Amount,Invoice Date,Due Date
1001,F-001,CNY,12000.00,2026-01-31,2026-03-02
1002,F-002,EUR,2000.00,2026-02-13,2026-03-15
"""
NOWHERE = "http://127.0.0.1:9"  # the discard port
HOLD_LEDGER = """
import sys
from pathlib import Path
from connector.ledger import Ledger
with Ledger.open(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ErpCompany]:
    """A company in service: its first plan has been applied."""
    with build_company(tmp_path_factory.mktemp("bad-input")) as made:
        made.put("invoices.csv", INVOICES)
        made.settle()
        yield made


@pytest.fixture(autouse=True)
def unharmed(company: ErpCompany) -> Iterator[None]:
    """Whatever a test does, the accounts stay as they were; faults end with the test."""
    before = company.emulator.control.records("Account")
    yield
    company.emulator.control.clear_faults()
    company.emulator.control.settings(expire_after_calls=0, used_calls=0)
    assert company.emulator.control.records("Account") == before


@pytest.fixture
def fresh(company: ErpCompany, tmp_path: Path) -> Callable[..., Path]:
    """Settings with a state of their own, for the same org and the same exports: their path."""

    def write(more: str = "", **replaced: str) -> Path:
        config = tmp_path / "creditflag.toml"
        config.write_text(company.settings(more, **replaced), encoding="utf-8")
        if not (tmp_path / "erp").exists():
            shutil.copytree(company.folder / "erp", tmp_path / "erp")
            share_programs(tmp_path / ".creditflag")
        return config

    return write


def assert_told(ended: Ended, code: int, *told: str) -> None:
    """One sentence on standard error that says all this, problems below it; nothing else."""
    assert ended.code == code, ended.err or ended.out[:400]
    lines = ended.err.splitlines()
    assert lines
    assert all(line.startswith("  - ") for line in lines[1:]), ended.err
    assert [text for text in told if text not in ended.err] == []
    assert ended.out == ""


def state_of(company: ErpCompany, copy: Path) -> Path:
    """A copy of the company's state folder, to be damaged."""
    shutil.rmtree(copy / ".creditflag")
    return Path(shutil.copytree(company.state, copy / ".creditflag", symlinks=True))


# -- the connection ----------------------------------------------------------------------------


def test_a_wrong_secret(company: ErpCompany, fresh: Callable[..., Path], tmp_path: Path) -> None:
    secret = tmp_path / "wrong-secret"
    secret.touch(mode=0o600)
    secret.write_text("not the secret", encoding="utf-8")
    config = fresh(**{str(company.secret_file): str(secret)})
    ended = company.run(config=config)
    assert_told(ended, 3, "client_secret")
    assert "not the secret" not in ended.err


def test_an_unreachable_host(company: ErpCompany, fresh: Callable[..., Path]) -> None:
    config = fresh(**{company.emulator.url: NOWHERE})
    assert_told(company.run(config=config), 75, "127.0.0.1", "cannot be reached")


def test_a_session_that_expires_while_the_run_reads_heals(company: ErpCompany) -> None:
    before = company.emulator.control.counters()["by_kind"].get("token", 0)
    company.emulator.control.settings(expire_after_calls=3)
    ended = company.run()
    assert ended.code == 0, ended.err
    assert ended.json["calls"]["crm"]["login"] >= 3
    assert company.emulator.control.counters()["by_kind"]["token"] - before >= 3


def test_the_daily_limit_of_calls(company: ErpCompany) -> None:
    limit = company.emulator.control.settings()["daily_limit"]
    company.emulator.control.settings(used_calls=limit)
    assert_told(company.run(), 4, "used up")


def test_html_in_place_of_data(company: ErpCompany) -> None:
    company.emulator.control.add_faults({"action": "html", "path": "/query", "times": None})
    ended = company.run()
    assert_told(ended, 75, "Account")
    assert "<html" not in ended.err.lower()


def test_counts_that_do_not_tie_make_a_red_run(company: ErpCompany) -> None:
    cursor = company.call("status", "--json").json["decided"]
    body = {"totalSize": 5, "done": True, "records": []}
    company.emulator.control.add_faults(
        {"action": "respond", "path": "/query", "status": 200, "body": body, "times": None}
    )
    assert_told(company.run(), 6, "account: 0 records arrived, but 5 were counted", "cursor stays")
    assert company.call("status", "--json").json["decided"] == cursor
    company.emulator.control.clear_faults()
    healed = company.run()
    assert healed.code == 0, healed.err


# -- settings, mapping, policy -----------------------------------------------------------------


def test_five_problems_of_the_settings_at_once(
    company: ErpCompany, fresh: Callable[..., Path]
) -> None:
    more = '[connections.Big]\nadapter = "files"\n[colours]\nred = 1\n[logs]\nlevel = "loud"\n'
    config = fresh(more, **{'currency = "CNY"': 'currency = "YUAN"', 'order = ["erp"]':
        'order = ["nowhere"]'})  # fmt: skip
    ended = company.run(config=config)
    told = ("company.currency", "logs.level", "colours: unknown key", "connections.Big:",
            "connections.Big.folder: missing", "no connection nowhere")  # fmt: skip
    assert_told(ended, 2, f"The settings have {len(told)} problem(s)", *told)
    assert len(ended.err.splitlines()) == 1 + len(told)
    assert not (config.parent / ".creditflag" / "store.sqlite3").exists()


def own_mapping(config: Path, old: str, new: str) -> None:
    """Put a copy of the shipped mapping with one change beside the settings."""
    text = (resources.files("mappings") / "salesforce.yaml").read_text(encoding="utf-8")
    assert old in text
    (config.parent / "ours.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_field_that_the_org_does_not_have(
    company: ErpCompany, fresh: Callable[..., Path]
) -> None:
    config = fresh(**{'["salesforce"]': '["ours.yaml"]'})
    own_mapping(config, "parent_id: ParentId", "parent_id: Mother__c")
    assert_told(company.run(config=config), 2, "Account", "Mother__c")
    checked = company.call("mapping", "check", "crm", config=config)
    assert checked.code == 2
    assert "error" in checked.out
    assert "Mother__c" in checked.out
    assert "Setup → Object Manager → Account" in checked.out


def test_a_field_that_field_level_security_hides(company: ErpCompany) -> None:
    control = company.emulator.control
    control.apply_schema({"hide": ["Account.Credit_Grade__c"]})
    try:
        checked = company.call("mapping", "check", "crm")
        ended = company.run()
    finally:
        control.apply_schema({"show": ["Account.Credit_Grade__c"]})
    assert checked.code == 2
    assert "Credit_Grade__c" in checked.out
    assert "Permission Sets" in checked.out
    assert_told(ended, 2, "crm cannot take", "  - ", "Credit_Grade__c", "creditflag mapping check")


def test_a_field_that_may_be_read_only(company: ErpCompany) -> None:
    control = company.emulator.control
    control.apply_schema({"read_only": ["Account.Credit_Hold__c"]})
    try:
        ended = company.run()
    finally:
        control.apply_schema({"writable": ["Account.Credit_Hold__c"]})
    assert_told(ended, 2, "Credit_Hold__c", "Permission Sets")


def test_a_mapping_that_is_no_yaml(company: ErpCompany, fresh: Callable[..., Path]) -> None:
    config = fresh(**{'["salesforce"]': '["ours.yaml"]'})
    (config.parent / "ours.yaml").write_text("mapping: [unclosed\n", encoding="utf-8")
    for command in (["run"], ["mapping", "check"]):
        assert_told(company.call(*command, config=config), 2, "ours.yaml")


POLICIES = {
    "a gap between bins": ("{above: 0.05, up_to: 0.15, points: 15}",
                           "{above: 0.06, up_to: 0.15, points: 15}", "overdue_share"),
    "an unknown metric": ("metric: oldest_overdue_days", "metric: shoe_size", "shoe_size"),
    "an unknown key": ("min_coverage: 0.55", "min_coverage: 0.55\n  colour: red", "colour"),
    "no YAML": ("id: standard", "id: [standard", "YAML"),
}  # fmt: skip


@pytest.mark.parametrize("case", POLICIES)
def test_a_policy_that_cannot_hold(
    company: ErpCompany, fresh: Callable[..., Path], case: str
) -> None:
    old, new, told = POLICIES[case]
    config = fresh('[policy]\nfile = "ours.yaml"\n')
    text = shipped_policy("standard")
    assert old in text
    (config.parent / "ours.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    assert_told(company.run(config=config), 2, "ours.yaml", told)


# -- files -------------------------------------------------------------------------------------


def test_files_that_cannot_be_read_are_told_and_the_rest_goes_on(
    company: ErpCompany, fresh: Callable[..., Path]
) -> None:
    config = fresh()
    exports = config.parent / "erp"
    (exports / "invoices_empty.csv").write_bytes(b"")
    (exports / "invoices_photo.csv").write_bytes(bytes(range(256)) * 40)
    (exports / "invoices_broken.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    (exports / "invoices_quote.csv").write_text(
        INVOICES.replace("F-00", "Q-00") + '1001,"Q-003,CNY,1.00,2026-01-31,2026-03-02\n',
        encoding="utf-8",
    )
    ended = company.call("pull", "--json", config=config)
    assert ended.code == 1, ended.err
    feed = next(f for f in ended.json["feeds"] if f["feed"] == "invoice")
    assert feed["new"] == 4
    problems = company.call("status", "--json", config=config).json["problems"]
    places = {p["where_from"].split(":")[0]: p["reason"] for p in problems}
    assert set(places) == {
        "invoices_empty.csv", "invoices_photo.csv", "invoices_broken.xlsx", "invoices_quote.csv"
    }  # fmt: skip
    assert all(places.values())


def test_a_folder_of_exports_that_is_not_there(
    company: ErpCompany, fresh: Callable[..., Path]
) -> None:
    config = fresh(**{'folder = "erp"': 'folder = "nowhere"'})
    assert_told(company.run(config=config), 2, "nowhere")


# -- ledger, store, plans ----------------------------------------------------------------------


def test_a_ledger_that_another_process_holds(company: ErpCompany) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_LEDGER, str(company.state / "ledger")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as holder:  # fmt: skip
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert_told(company.run(), 75, f"in use by process {holder.pid}", "try again")
        doctor = company.call("doctor")
        assert doctor.code == 75
        assert str(holder.pid) in doctor.out
        holder.stdin.close()
        assert holder.wait(60) == 0


@pytest.mark.skipif(os.name != "posix", reason="stops a process in its tracks with a signal")
def test_a_second_runner_at_the_same_time(company: ErpCompany) -> None:
    company.emulator.control.add_faults({"action": "delay", "path": "/query", "seconds": 2.0})
    note = company.state / "ledger" / "writer.json"
    first = company.start("run", "--json", "--as-of", AS_OF.isoformat())
    while not note.exists():
        assert first.poll() is None, first.communicate()
    first.send_signal(signal.SIGSTOP)
    try:
        assert note.exists()
        second = company.run()
    finally:
        first.send_signal(signal.SIGCONT)
        out, err = first.communicate(timeout=240)
    assert_told(second, 75, f"in use by process {first.pid}", "try again")
    assert first.returncode == 0, err
    assert json.loads(out)["exit_code"] == 0


def test_a_ledger_that_does_not_belong_to_the_store(
    company: ErpCompany, fresh: Callable[..., Path]
) -> None:
    config = fresh()
    shutil.rmtree(state_of(company, config.parent) / "ledger")
    assert_told(company.run(config=config), 2, "The store belongs to ledger", "backup")


def test_a_store_that_does_not_know_what_the_ledger_has_decided(
    company: ErpCompany, fresh: Callable[..., Path]
) -> None:
    config = fresh()
    state = state_of(company, config.parent)
    for path in state.glob("store.sqlite3*"):
        path.unlink()
    ended = company.run(config=config)
    assert ended.code == 5, ended.err
    (plan,) = ended.json["plans"]
    assert plan["first_contact"]
    assert plan["adopted"] > 0


@pytest.mark.parametrize("name", ["ledger/ledger.duckdb", "store.sqlite3"])
@pytest.mark.parametrize("harm", ["another content", "cut off"])
def test_a_damaged_file(
    company: ErpCompany, fresh: Callable[..., Path], name: str, harm: str
) -> None:
    config = fresh()
    path = state_of(company, config.parent) / name
    content = path.read_bytes()
    cut = content[: len(content) // 3]
    harmed = b"What is this?\n" * 4000 if harm == "another content" else cut
    path.write_bytes(harmed)
    path.with_name(path.name + "-wal").unlink(missing_ok=True)
    assert_told(company.run(config=config), 2, path.name, "backup")
    assert path.read_bytes() == harmed


def test_plan_files_that_are_none(company: ErpCompany, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    odd = {"format": "creditflag-plan/1", "id": "x", "plan": {"connection": "crm"}}
    contents = (
        json.dumps({"format": "creditflag-plan/0", "plan": {}}),
        json.dumps({**odd, "digest": digest(odd)}),
    )
    for content in contents:
        path.write_text(content, encoding="utf-8")
        ended = company.call("apply", "--plan", str(path))
        assert_told(ended, 2, str(path), "creditflag plan --out FILE")
    assert_told(company.call("apply", "--plan", str(tmp_path)), 2, str(tmp_path))


def test_a_plan_for_a_connection_that_is_not_there_any_more(
    company: ErpCompany, fresh: Callable[..., Path], tmp_path: Path
) -> None:
    config = fresh()
    first = company.run(config=config)
    assert first.code == 5, first.err
    renamed = config.read_text(encoding="utf-8").replace("connections.crm", "connections.sales")
    config.write_text(renamed.replace('accounts = "crm"', 'accounts = "sales"'), encoding="utf-8")
    ended = company.call("apply", "--plan", first.json["plan_files"]["crm"], config=config)
    assert_told(ended, 2, "There is no connection crm", "sales")


def test_a_place_that_cannot_be_written(
    company: ErpCompany, fresh: Callable[..., Path], tmp_path: Path
) -> None:
    in_the_way = tmp_path / "in-the-way"
    in_the_way.write_text("a file", encoding="utf-8")
    config = fresh(f'[state]\nfolder = "{in_the_way}/state"\n')
    assert_told(company.run(config=config), 2, "The state folder cannot be used", str(in_the_way))


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="root may write to every folder"
)
def test_a_folder_without_the_right_to_write(
    company: ErpCompany, fresh: Callable[..., Path]
) -> None:
    config = fresh()
    state_of(company, config.parent)
    for name in ("ledger", "plans", "snapshots"):
        folder = config.parent / ".creditflag" / name
        folder.chmod(0o500)
        try:
            assert_told(company.run(config=config), 2, name)
        finally:
            folder.chmod(0o700)


def test_a_plan_that_cannot_be_put_where_it_should(
    company: ErpCompany, fresh: Callable[..., Path], tmp_path: Path
) -> None:
    config = fresh()
    pulled = company.call("pull", config=config)
    assert pulled.code == 0, pulled.err
    in_the_way = tmp_path / "in-the-way"
    in_the_way.write_text("a file", encoding="utf-8")
    ended = company.call("plan", "--out", f"{in_the_way}/p.json", config=config)
    assert_told(ended, 2, "in-the-way")


def test_after_all_this_a_run_finds_nothing_to_do(company: ErpCompany) -> None:
    before = company.write_calls()
    ended = company.run()
    assert ended.code == 0, ended.err
    assert feeds_of(ended)["erp.invoice"]["records"] == 0
    assert company.write_calls() == before
