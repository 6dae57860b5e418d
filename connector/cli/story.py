"""The demo: a made-up company in an emulated CRM, told from first plan to conflict."""

from __future__ import annotations

import csv
import json
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.cli import plan_views, render, story_desk
from connector.cli.session import Session
from connector.domain.rollout import Stage
from connector.errors import EXIT_OK, RedRunError
from connector.registry import DEMO_ADAPTER, EMULATORS, SEEDS, load_manifest

if TYPE_CHECKING:
    from connector.demo.company import DemoCompany
    from connector.service.office import Office

SHOWN = "worsening"
BLOCKS = 6
"""So many paragraphs of the explanation are told; the rest are figures and documents."""
RAISED_LIMIT = 9_999_999
_TO_TRY = ("status", "explain NAME", "check order --account NAME --amount 50000", "facts list",
           "reservations list", "files check credit", "portfolio", "rollout crm", "journal crm",
           "plan", "run")  # fmt: skip
WRITES = ("_create", "_update", "_upsert", "_delete")
"""How the emulator's classes of write calls end."""

_SETTINGS = """\
[company]
name = "creditflag demo"
currency = {currency}
language = {language}
own_group = {own_group}

[connections.crm]
adapter = {adapter}
url = {url}
client_id = {client_id}
client_secret = {secret}
mapping = {mapping}

[connections.rates]
adapter = "files"
folder = "rates"
mapping = ["rates.yaml"]
accounts = "crm"
"""

_RATES_MAPPING = """\
mapping: demo-rates
adapter: files
entities:
  fx_rate:
    object: "*.csv"
    feed: changes
    id: [currency, rate_date]
    fields:
      currency: currency
      quote: quote
      rate_date: rate_date
      rate: rate
"""


def tell_story(here: Session, once: bool, folder: Path | None, seed: int) -> int:
    """Run the whole story; keeps the emulator running until Ctrl-C unless `once`."""
    from connector.demo.company import build_company
    from connector.demo.credit_file import keep_credit_file

    company, lists = keep_credit_file(build_company(seed, datetime.now(UTC).date()))
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(_temporary()))
        place.mkdir(parents=True, exist_ok=True)
        emulator = stack.enter_context(import_module(EMULATORS[DEMO_ADAPTER]).start(tls=False))
        seeds = import_module(SEEDS[DEMO_ADAPTER])
        loaded = seeds.seed_emulator(
            emulator.control, company.rows, company.as_of, company.crm_values
        )
        config = _write_settings(here, place, company, emulator)
        form = story_desk.write_lists(here, place, lists)
        ids = {story.code: loaded.id_of("account", story.account_id) for story in company.stories}
        desk = Session(config=str(config), language=here.language)
        _introduce(desk, company)
        _chapter(desk, "What the credit department keeps in lists")
        story_desk.show_lists(desk, lists, form)
        _chapters(desk, emulator, company, ids)
        if not once:
            _stay(here, config, emulator.url)
    return EXIT_OK


def _chapters(here: Session, emulator: Any, company: DemoCompany, ids: Mapping[str, str]) -> None:
    with here.office() as office:
        _first_run(here, office, company)
        _explain(here, office, ids)
    with here.office() as office:
        _second_run(here, office, company, emulator)
    with here.office() as office:
        _chapter(here, "An order is checked before it is accepted, and its credit reserved")
        story_desk.check_orders(here, office, ids[story_desk.ORDERING])
        _chapter(here, "A promise on the telephone")
        story_desk.enter_promise(here, office, company, ids[story_desk.PROMISING])
        _chapter(here, "Roll-out: what a step would do, before it is taken")
        story_desk.show_rollout(here, office, Stage.SHOW)
    with here.office() as office:
        _hand_edit(here, office, company, emulator, ids[SHOWN])


def _introduce(here: Session, company: DemoCompany) -> None:
    _chapter(here, "A company and its customers")
    here.tell(
        "{accounts} accounts, {invoices} invoices and {payments} payments lie in an emulated "
        "{vendor} org, as of {day}.",
        accounts=len(company.rows["account"]), invoices=len(company.rows["invoice"]),
        payments=len(company.rows["payment"]), vendor=load_manifest(DEMO_ADAPTER).title,
        day=company.as_of,
    )  # fmt: skip


def _first_run(here: Session, office: Office, company: DemoCompany) -> None:
    from connector.cli.progress import watch
    from connector.service.main_job import apply_file, run_main_job

    _chapter(here, "First contact: read, decide, plan; write nothing yet")
    with watch(here) as tell:
        report = run_main_job(office, company.as_of, tell)
    render.show_run(here, report)
    _chapter(here, "The plan, as a person reads it")
    plan_views.show_changes(here, report.plans, most=6)
    _chapter(here, "Apply the plan")
    for path in report.plan_files.values():
        render.show_apply(here, apply_file(office, path))


def _explain(here: Session, office: Office, ids: Mapping[str, str]) -> None:
    from connector.service.explaining import explain_account

    _chapter(here, "Why?")
    lines = explain_account(office, ids[SHOWN], here.language).lines
    blanks = [place for place, line in enumerate(lines) if not line.strip()]
    told = blanks[BLOCKS - 1] if len(blanks) >= BLOCKS else len(lines)
    for line in lines[:told]:
        here.print(line)
    here.tell("… and {n} more lines: creditflag explain", n=len(lines) - told)


def _second_run(here: Session, office: Office, company: DemoCompany, emulator: Any) -> None:
    from connector.service.main_job import run_main_job

    _chapter(here, "A second run: nothing has changed, nothing is written")
    before = _write_calls(emulator)
    render.show_run(here, run_main_job(office, company.as_of))
    made = _write_calls(emulator) - before
    here.tell("The emulator counted {n} write calls.", n=made)
    if made:
        raise RedRunError(
            "The second run wrote although nothing had changed.",
            next_step="Please report this with the log of the state folder.",
        )


def _hand_edit(
    here: Session, office: Office, company: DemoCompany, emulator: Any, record_id: str
) -> None:
    from connector.service.main_job import run_main_job

    _chapter(here, "A sales rep raises the limit by hand")
    target = office.connect("crm").mapping.targets[0]
    limit_field = target.fields["limit"].field
    emulator.control.edit(target.object_name, record_id, {limit_field: RAISED_LIMIT})
    report = run_main_job(office, company.as_of)
    render.show_run(here, report)
    if not any(change.conflicts for plan in report.plans for change in plan.changes):
        raise RedRunError(
            "The hand edit did not show up as a conflict.",
            next_step="Please report this with the log of the state folder.",
        )


def _stay(here: Session, config: Path, url: str) -> None:
    _chapter(here, "Your turn")
    here.tell("The emulator runs at {url} until Ctrl-C. In another window:", url=url)
    for command in _TO_TRY:
        here.print(f"  creditflag --config {config} {command}")
    try:
        # In short turns: a wait without end may not notice Ctrl-C while another thread takes it.
        while not threading.Event().wait(0.5):
            continue
    except KeyboardInterrupt:
        here.tell("Ended.")


def _chapter(here: Session, title: str) -> None:
    text = here.say(title)
    here.print(f"\n── {text} " + "─" * max(3, 76 - len(text)))


def _write_calls(emulator: Any) -> int:
    """Write calls by the emulator's own count."""
    by_kind: Mapping[str, int] = emulator.control.counters()["by_kind"]
    return sum(n for kind, n in by_kind.items() if kind.endswith(WRITES))


def _write_settings(here: Session, place: Path, company: DemoCompany, emulator: Any) -> Path:
    secret = place / "client-secret"
    handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(emulator.client_secret)
    own = [r["registration_no"] for r in company.rows["account"]
           if r.get("own_group") and r.get("registration_no")]  # fmt: skip
    config = place / "creditflag.toml"
    config.write_text(
        _SETTINGS.format(
            currency=json.dumps(company.currency), language=json.dumps(here.language),
            own_group=json.dumps(own), url=json.dumps(emulator.url),
            adapter=json.dumps(DEMO_ADAPTER),
            mapping=json.dumps(list(load_manifest(DEMO_ADAPTER).mappings)),
            client_id=json.dumps(emulator.client_id), secret=json.dumps(f"file:{secret}"),
        )
        + story_desk.SETTINGS,
        encoding="utf-8",
    )  # fmt: skip
    (place / "rates.yaml").write_text(_RATES_MAPPING, encoding="utf-8")
    rates = place / "rates"
    rates.mkdir(exist_ok=True)
    columns = ("currency", "quote", "rate_date", "rate")
    with (rates / "fx.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([r[c] for c in columns] for r in company.rows["fx_rate"])
    return config


@contextmanager
def _temporary() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="creditflag-demo-", ignore_cleanup_errors=True) as name:
        yield name
