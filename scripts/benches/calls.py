"""API calls of a first read, an incremental read and write-backs, against the minimum.

Counts by the emulator's own record, not by ours. Promise: data calls ≤ 1.05 × minimum + 3, where
the minimum is the cheaper way for each object: a read ⌈N/2000⌉ pages or, in bulk, ⌈N/50000⌉ + 3
calls; a write ⌈N/200⌉ collections or 7 calls of a bulk job. Login, limits, describe, re-reads,
verification and polls are listed apart, and each is bounded.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.salesforce.demo_schema import schema_for_demo
from adapters.salesforce.emulator import start
from connector.bootstrap import open_office
from connector.domain.change import ChangeKind
from connector.service.main_job import apply_file, run_main_job

PAGE, BULK_PAGE, BULK_READ = 2000, 50_000, 3
BATCH, BULK_WRITE, JOB_ROWS = 200, 7, 100_000
AS_OF = date(2025, 6, 30)
DATA_READS = (
    "query", "query_more", "queryall", "bulk_query_create", "bulk_query_results",
    "bulk_query_state", "bulk_query_delete",
)  # fmt: skip
WRITES = ("row_", "collection_create", "collection_update", "collection_upsert", "bulk_ingest_")
POLLS_MAX = 60
"""Polls of one step at most: their pauses grow to half a minute."""

SETTINGS = """\
[company]
currency = "EUR"

[connections.crm]
adapter = "salesforce"
url = "{url}"
client_id = "{client_id}"
client_secret = "file:{secret}"
budget_share = 1.0
budget_reserve = 0.0
mapping = ["salesforce", "salesforce-invoices"]
"""


def main() -> int:
    """Run the bench; exit code 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="scripts/bench calls", description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--changed", type=int, default=1_000, help="accounts of a usual change")
    parser.add_argument("--back", type=int, default=5_000, help="accounts of a large write-back")
    parser.add_argument("--owing", type=int, default=8_000, help="accounts with an open invoice")
    sizes = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="creditflag-bench-") as name, start(tls=False) as crm:
        invoices = seed(crm.control, sizes.accounts, sizes.owing)
        config = write_settings(Path(name), crm)
        kept = [measure_first(config, crm.control)]
        for count in (sizes.changed, sizes.back):
            crm.control.advance(3600)
            read_echo(config)
            changed, invoices = invoices[:count], invoices[count:]
            make_overdue(crm.control, changed)
            kept += measure_change(f"{count} changed", config, crm.control)
    return 0 if all(kept) else 1


def seed(control: Any, accounts: int, owing: int) -> list[str]:
    """One open invoice for each of the first `owing` accounts, none due yet."""
    control.apply_schema(schema_for_demo())
    control.settings(daily_limit=1_000_000)
    control.set_clock(datetime(2025, 6, 29, 12, tzinfo=UTC), frozen=False)
    ids: list[str] = []
    for begin in range(0, accounts, 5000):
        names = range(begin, min(accounts, begin + 5000))
        ids += control.seed("Account", [{"Name": f"Customer {n:05d}"} for n in names])
    invoices: list[str] = []
    for begin in range(0, owing, 5000):
        some = ids[begin : min(owing, begin + 5000)]
        invoices += control.seed("Invoice__c", [_invoice(account) for account in some])
    control.set_clock(datetime(2025, 6, 30, 12, tzinfo=UTC), frozen=False)
    return invoices


def _invoice(account: str) -> dict[str, object]:
    issued = AS_OF - timedelta(days=20)
    return {
        "Account__c": account, "Amount__c": 10_000, "Invoice_Date__c": issued.isoformat(),
        "Due_Date__c": (AS_OF + timedelta(days=10)).isoformat(),
    }  # fmt: skip


def make_overdue(control: Any, invoices: list[str]) -> None:
    """The changed accounts' invoices turn out to be long overdue."""
    control.advance(3600)
    due = (AS_OF - timedelta(days=100)).isoformat()
    issued = (AS_OF - timedelta(days=130)).isoformat()
    for invoice in invoices:
        control.edit("Invoice__c", invoice, {"Due_Date__c": due, "Invoice_Date__c": issued})
    control.advance(3600)


def write_settings(folder: Path, crm: Any) -> Path:
    """Settings file of the bench's connection."""
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text(crm.client_secret, encoding="utf-8")
    config = folder / "creditflag.toml"
    config.write_text(
        SETTINGS.format(url=crm.url, client_id=crm.client_id, secret=secret), encoding="utf-8"
    )
    return config


def measure_first(config: Path, control: Any) -> bool:
    """First read and the plan's application."""
    control.reset_counters()
    with open_office(config) as office:
        report = run_main_job(office, AS_OF)
        minimum = _reads(report)
        kept = tell("first read", control, reads=minimum)
        control.reset_counters()
        rows = _writes(report)
        for path in report.plan_files.values():
            apply_file(office, path)
    return tell("first write-back", control, writes=rows) and kept


def read_echo(config: Path) -> None:
    """A run that reads back what we wrote ourselves; it changes nothing and is not measured."""
    with open_office(config) as office:
        run_main_job(office, AS_OF)


def measure_change(step: str, config: Path, control: Any) -> list[bool]:
    """Incremental read and the write-back of what changed, by itself or by its plan."""
    control.reset_counters()
    with open_office(config) as office:
        report = run_main_job(office, AS_OF)
        if not report.plan_files:
            # The guard let the change pass: reads and writes happened in one go.
            return [tell(step, control, reads=_reads(report), writes=_writes(report))]
        kept = [tell(f"{step}, read", control, reads=_reads(report))]
        control.reset_counters()
        for path in report.plan_files.values():
            apply_file(office, path)
    return [*kept, tell(f"{step}, write-back", control, writes=_writes(report))]


def _reads(report: Any) -> int:
    """Fewest read calls for what is new or changed, one call an object at least."""
    moved = (feed.new + feed.changed + feed.deleted for feed in report.feeds)
    return sum(
        max(1, min(math.ceil(n / PAGE), math.ceil(n / BULK_PAGE) + BULK_READ)) for n in moved
    )


def _writes(report: Any) -> int:
    """Fewest write calls for the planned changes: updates and creates, each the cheaper way."""
    changes = [c for plan in report.plans for c in plan.to_write]
    updates = sum(1 for c in changes if c.kind is ChangeKind.UPDATE)
    return sum(
        min(math.ceil(n / BATCH), BULK_WRITE * math.ceil(n / JOB_ROWS))
        for n in (updates, len(changes) - updates)
    )


def tell(step: str, control: Any, *, reads: int = 0, writes: int = 0) -> bool:
    """Print one line for a step; whether the promise holds.

    Nothing is pulled while a plan is applied: queries then are reading back, listed apart.
    """
    by_kind: dict[str, int] = control.counters()["by_kind"]
    polls = sum(n for kind, n in by_kind.items() if kind.endswith("_poll"))
    counted = {
        kind: n
        for kind, n in by_kind.items()
        if not kind.endswith("_poll")
        and ((reads and kind in DATA_READS) or kind.startswith(WRITES))
    }
    minimum, made = reads + writes, sum(counted.values())
    apart = {kind: n for kind, n in by_kind.items() if kind not in counted}
    kept = made <= 1.05 * minimum + 3 and polls <= POLLS_MAX
    print(
        f"{step}: {made} data calls, minimum {minimum}, ratio {made / max(1, minimum):.3f}, "
        f"{'kept' if kept else 'BROKEN'}; {counted}; apart: {apart}",
        flush=True,
    )
    return kept


if __name__ == "__main__":
    raise SystemExit(main())
