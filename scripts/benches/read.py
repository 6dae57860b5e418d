"""CPU and memory of reading an object of 100,000 rows, against a bare simple-salesforce loop.

Each way reads the same object of the same emulator in a process of its own: a `query_all_iter` loop
that only looks at the rows; our reading through REST; and our reading as it goes by itself, which
may be a bulk job. Promise: the latter two take at most twice the CPU of the first and at most
300 MB above the idle process. Mapping and landing the rows is timed apart.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from adapters.salesforce.emulator import start

FIELDS = (
    "Name", "AccountNumber", "Type", "Industry", "AnnualRevenue", "NumberOfEmployees",
    "BillingCity", "BillingCountry", "Phone", "Website", "ParentId", "OwnerId",
    "CreatedDate", "LastModifiedDate",
)  # fmt: skip
MOST_RATIO, MOST_MEGABYTES = 2.0, 300.0
LOADED = (
    "adapters.salesforce.adapter", "connector.bootstrap", "connector.credentials",
    "connector.sync.pull",
)  # fmt: skip
"""What an idle process has loaded."""
CONTEXT = multiprocessing.get_context("spawn")


def main() -> int:
    """Run the bench; exit code 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="scripts/bench read", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with start(tls=False) as crm, TemporaryDirectory(prefix="creditflag-bench-") as folder:
        crm.control.settings(daily_limit=10_000_000)
        crm.control.set_clock(datetime(2026, 3, 1, tzinfo=UTC), frozen=False)
        seed(crm.control, rows)
        access = {"url": crm.url, "id": crm.client_id, "secret": crm.client_secret, "in": folder}
        bare = measure(read_bare, access, rows)
        told = [
            judge("through REST", measure(read_rest, access, rows), bare),
            judge("as it goes by itself", measure(read_free, access, rows), bare),
        ]
        landed = measure(read_and_land, access, rows)
        print(f"with mapping and landing: {landed['cpu'] / bare['cpu']:.2f} × the bare CPU, "
              f"{landed['megabytes']:.0f} MB above idle")  # fmt: skip
    return 0 if all(told) else 1


def seed(control: Any, rows: int) -> None:
    """Accounts with a value in every field that is read."""
    for begin in range(0, rows, 5000):
        control.seed("Account", [_account(n) for n in range(begin, min(rows, begin + 5000))])
        control.advance(5)


def _account(number: int) -> dict[str, object]:
    return {
        "Name": f"Customer {number:06d}", "AccountNumber": f"C{number}", "Type": "Prospect",
        "Industry": "Banking", "AnnualRevenue": number * 1000, "NumberOfEmployees": number % 5000,
        "BillingCity": "Köln", "BillingCountry": "Germany", "Phone": "+49 221 1234567",
        "Website": "https://www.example.com",
    }  # fmt: skip


def measure(read: Callable[[dict[str, str]], int], access: dict[str, str], rows: int) -> Any:
    """CPU seconds and megabytes above idle of one way, in a process of its own."""
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_run, args=(read, access, theirs))
    process.start()
    result: dict[str, Any] = json.loads(ours.recv())
    process.join()
    if result["rows"] != rows:
        raise SystemExit(f"{read.__name__} gave {result['rows']} of {rows} rows")
    return result


def _run(read: Callable[[dict[str, str]], int], access: dict[str, str], answer: Any) -> None:
    for name in LOADED:
        import_module(name)
    idle, began, wall = _peak_megabytes(), time.process_time(), time.perf_counter()
    rows = read(access)
    cpu = time.process_time() - began
    answer.send(json.dumps({
        "rows": rows, "cpu": cpu, "seconds": time.perf_counter() - wall,
        "megabytes": _peak_megabytes() - idle,
    }))  # fmt: skip


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def judge(name: str, got: Any, bare: Any) -> bool:
    """Print one line for a way of ours; whether the promise holds."""
    ratio = got["cpu"] / bare["cpu"]
    kept = bool(ratio <= MOST_RATIO and got["megabytes"] <= MOST_MEGABYTES)
    print(
        f"{name}: {got['cpu']:.2f} s of CPU, {ratio:.2f} × the bare loop's {bare['cpu']:.2f} s; "
        f"{got['megabytes']:.0f} MB above idle (bare loop {bare['megabytes']:.0f} MB); "
        f"{'kept' if kept else 'BROKEN'}"
    )
    return kept


# --- the ways ------------------------------------------------------------------------


def read_bare(access: dict[str, str]) -> int:
    """What anybody would write."""
    import requests
    from simple_salesforce.api import Salesforce

    from adapters.salesforce.transport import PlainOnLoopbackAdapter

    token = requests.post(
        f"{access['url']}/services/oauth2/token",
        data={"grant_type": "client_credentials", "client_id": access["id"],
              "client_secret": access["secret"]},
        timeout=30,
    ).json()  # fmt: skip
    session = requests.Session()
    session.trust_env = False
    session.mount("https://127.0.0.1", PlainOnLoopbackAdapter())
    client = Salesforce(
        session_id=token["access_token"], instance_url=access["url"], session=session
    )
    query = f"SELECT Id, {', '.join(FIELDS)}, SystemModstamp FROM Account"  # noqa: S608 - fixed names
    return sum(1 for record in client.query_all_iter(query) if record["Id"])


def read_rest(access: dict[str, str]) -> int:
    """Our reading without bulk jobs."""
    return _read(access, bulk_read_rows="0")


def read_free(access: dict[str, str]) -> int:
    """Our reading as it is set up by itself."""
    return _read(access)


def _read(access: dict[str, str], **options: str) -> int:
    from connector.ports.crm import PullRequest

    adapter = _open(access, **options)
    return sum(len(page.records) for page in adapter.pull(PullRequest("Account", FIELDS)))


def read_and_land(access: dict[str, str]) -> int:
    """Reading, mapping and landing into a ledger of its own."""
    from connector.ledger import Ledger
    from connector.mapping.feeds import load_mapping
    from connector.mapping.read import ReadContext, map_page
    from connector.ports.facts import LandBatch

    adapter = _open(access)
    mapping = load_mapping(("salesforce",), Path())
    found = mapping.resolve({name: adapter.describe(name) for name in mapping.object_names})
    feed = next(feed for feed in found.feeds if feed.name == "account")
    context = ReadContext(connection="crm", accounts="", currency="EUR")
    rows = 0
    with Ledger.open(Path(access["in"]) / "ledger") as ledger:
        for page in adapter.pull(feed.request(None)):
            mapped = map_page(feed, page, context)
            rows += mapped.rows.num_rows
            ledger.land(LandBatch(
                connection="crm", feed="account", entity="account", run_id="bench",
                known_at=datetime(2026, 3, 1, tzinfo=UTC), rows=mapped.rows, seen=mapped.seen,
                problems=mapped.problems,
            ))  # fmt: skip
    return rows


def _open(access: dict[str, str], **options: str) -> Any:
    from adapters.salesforce.adapter import SalesforceAdapter
    from connector.bootstrap import SystemClock
    from connector.credentials import Secrets
    from connector.ports.manifest import Opening

    secret = Path(access["in"]) / "secret"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(access["secret"], encoding="utf-8")
    return SalesforceAdapter(Opening(
        connection="crm", secrets=Secrets(), clock=SystemClock(), folder=Path(access["in"]),
        state_folder=Path(access["in"]),
        options={"url": access["url"], "client_id": access["id"],
                 "client_secret": f"file:{secret}", "budget_share": "1", "budget_reserve": "0",
                 **options},
    ))  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
