#!/usr/bin/env python3
"""Load public receivables into an emulated CRM as known at a date, and run the main job on them.

    scripts/load_real.py ibm-late-payment --as-of 2013-01-30
    scripts/load_real.py highradius-b2b --as-of 2020-03-15 --keep

The sets are not part of the project. Their folder is named by --data, else by CREDITFLAG_REAL_DATA,
else it is ../shared/data beside this checkout. What the columns are taken for is told in
`connector/demo/real_sets.py`. Exit code 2: the data or an argument cannot be used.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapters.salesforce.emulator import RunningEmulator
    from adapters.salesforce.seed import SeedReport
    from connector.cli.session import Session
    from connector.demo.real_sets import RealSet
    from connector.sync.run import RunReport

ROOT = Path(__file__).resolve().parent.parent
CONNECTION = "crm"
_SETTINGS = """\
[company]
name = "Real receivables"
currency = {currency}

[rates]
{rates}

[connections.crm]
adapter = "salesforce"
url = {url}
client_id = {client_id}
client_secret = {secret}
mapping = ["salesforce", "salesforce-invoices"]
"""


@dataclass(frozen=True, slots=True)
class Staged:
    """A running emulator that holds a set as known at a date, and settings that point to it."""

    emulator: RunningEmulator
    seeded: SeedReport
    config: Path
    real: RealSet
    as_of: date

    def write_calls(self) -> int:
        """API calls that changed a record, by the emulator's own count."""
        return len({effect["call"] for effect in self.emulator.control.writes()})


@contextmanager
def stage(real: RealSet, as_of: date, folder: Path) -> Iterator[Staged]:
    """Start an emulator, seed it and write the settings into `folder`; it ends with the block."""
    from adapters.salesforce.emulator import start
    from adapters.salesforce.seed import seed_emulator
    from connector.demo.real_sets import rows_known_at

    with start(tls=False) as emulator:
        seeded = seed_emulator(emulator.control, rows_known_at(real, as_of), as_of)
        yield Staged(emulator, seeded, _write_settings(folder, emulator), real, as_of)


def _write_settings(folder: Path, emulator: RunningEmulator) -> Path:
    from connector.demo.real_sets import ASSUMED_RATES, DEFAULT_CURRENCY

    secret = folder / "client-secret"
    handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(emulator.client_secret)
    config = folder / "creditflag.toml"
    config.write_text(
        _SETTINGS.format(
            currency=json.dumps(DEFAULT_CURRENCY),
            rates="\n".join(f"{code} = {rate}" for code, rate in ASSUMED_RATES.items()),
            url=json.dumps(emulator.url),
            client_id=json.dumps(emulator.client_id),
            secret=json.dumps(f"file:{secret}"),
        ),
        encoding="utf-8",
    )
    return config


def data_folder(named: str | None) -> Path:
    """Where the sets lie: the argument, $CREDITFLAG_REAL_DATA, or beside the checkout."""
    wanted = named or os.environ.get("CREDITFLAG_REAL_DATA")
    return Path(wanted) if wanted else ROOT.parent / "shared" / "data"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script; returns the exit code."""
    from connector.cli.session import Session, parse_date, reader_language
    from connector.demo.real_sets import list_datasets, read_real_set
    from connector.domain.texts import say_error
    from connector.errors import CreditflagError, InputError

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("dataset", help=" or ".join(list_datasets()))
    parser.add_argument("--as-of", required=True, help="valuation date, YYYY-MM-DD")
    parser.add_argument("--data", help="folder that holds the sets")
    parser.add_argument("--keep", action="store_true", help="leave emulator and state until Ctrl-C")
    given = parser.parse_args(arguments)
    here = Session(language=reader_language())
    try:
        as_of = parse_date(given.as_of)
        real = read_real_set(given.dataset, data_folder(given.data))
        if as_of is None or as_of < min(item.issued for item in real.receivables):
            raise InputError(
                "Nothing in {dataset} was issued by {day}.",
                next_step="Choose a later --as-of.",
                dataset=given.dataset,
                day=as_of,
            )
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="creditflag-")))
            staged = stack.enter_context(stage(real, as_of, folder))
            code = tell(here, staged)
            if given.keep:
                _stay(here, staged)
            return code
    except CreditflagError as error:
        print(say_error(error, here.language), file=sys.stderr)
        return error.exit_code


def tell(here: Session, staged: Staged) -> int:
    """Run the main job, apply its first plan, and print what came out."""
    from connector.cli import render
    from connector.cli.progress import watch
    from connector.cli.session import Session
    from connector.service.main_job import apply_file, run_main_job

    _tell_input(here, staged)
    with Session(config=str(staged.config), language=here.language).office() as office:
        with watch(here) as progress:
            report = run_main_job(office, staged.as_of, progress)
        render.show_run(here, report)
        _tell_receivables(here, report)
        _tell_decisions(here, report)
        for path in report.plan_files.values():
            render.show_apply(here, apply_file(office, path))
    here.tell("The emulator counted {n} write calls.", n=staged.write_calls())
    return 0 if report.plan_files or not report.exit_code else report.exit_code


def _tell_input(here: Session, staged: Staged) -> None:
    counts, real = staged.seeded.counts, staged.real
    here.tell(
        "{dataset} as known on {day}: {accounts} customers, {invoices} invoices, {payments} "
        "payments.",
        dataset=real.dataset, day=staged.as_of, accounts=counts["Account"],
        invoices=counts["Invoice__c"], payments=counts["Payment__c"],
    )  # fmt: skip
    if real.duplicates:
        here.tell(
            "{n} rows of the set are exact copies of others; they are kept: {keys}",
            n=len(real.duplicates), keys=", ".join(real.duplicates),
        )  # fmt: skip


def _tell_receivables(here: Session, report: RunReport) -> None:
    """Open receivables, overdue and ageing per currency, as the engine added them up."""
    from connector.cli.render import table

    if report.decided is None or report.decided.receivables is None:
        return
    rows = report.decided.receivables.to_pylist()
    made = table(
        here, "currency", ">open", ">overdue", ">disputed", ">current", ">1-30", ">31-60", ">61-90",
        ">91-120", ">over 120", title="Receivables",
    )  # fmt: skip
    amounts = (
        "open", "overdue", "disputed", "age_current", "age_1_30", "age_31_60", "age_61_90",
        "age_91_120", "age_over_120",
    )  # fmt: skip
    for currency in sorted({row["currency"] for row in rows}):
        own = [row for row in rows if row["currency"] == currency]
        made.add_row(currency, *(f"{sum(row[name] for row in own):,.2f}" for name in amounts))
    here.print(made)


def _tell_decisions(here: Session, report: RunReport) -> None:
    from connector.cli.render import table

    if report.decided is None:
        return
    for name, title in (("flag", "Flags"), ("reason", "Reasons")):
        found = report.decided.tables[name]
        totals: Counter[str] = Counter(
            row["code"] for row in found.select(["selling_company", "code"]).to_pylist()
            if row["selling_company"] == ""
        )  # fmt: skip
        made = table(here, "code", ">customers", title=title)
        for code, number in totals.most_common():
            made.add_row(code, str(number))
        here.print(made)


def _stay(here: Session, staged: Staged) -> None:
    here.tell("The emulator runs at {url} until Ctrl-C. In another window:",
              url=staged.emulator.url)  # fmt: skip
    for command in ("status", "explain NAME", "journal crm", "plan", "run"):
        here.print(f"  creditflag --config {staged.config} {command}")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        here.tell("Ended.")


def enter_environment() -> None:
    """Make this checkout importable, and go on in its environment where libraries are missing."""
    sys.path.insert(0, str(ROOT))
    if find_spec("duckdb") is not None:
        return
    made = subprocess.run([str(ROOT / "scripts" / "env"), "runtime"], check=False)
    if made.returncode:
        sys.exit(made.returncode)
    python = str(ROOT / ".venv" / "bin" / "python")
    os.execv(python, [python, str(Path(__file__).resolve()), *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    enter_environment()
    sys.exit(main())
