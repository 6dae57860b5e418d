"""The share of the org's API calls, kept by two processes together; judged by the emulator."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

from adapters.salesforce.emulator import start
from connector.ports.allowance import Pressure

SHARE, ALLOWED = 0.06, 1000
OURS = 60
NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)


def _spend(folder: str, url: str, client_id: str, secret: str, answers: multiprocessing.Queue[str]):
    """Ask until the budget ends; tell how it ended."""
    from dataclasses import replace

    from adapters.salesforce.adapter import SalesforceAdapter
    from connector.errors import BudgetError
    from connector.store.opening import open_store
    from tests.adapters.salesforce.connections import FakeClock, make_opening

    store = open_store(Path(folder))
    opening = make_opening(
        url, client_id=client_id, secret=secret, clock=FakeClock(NOW),
        options={"budget_share": str(SHARE), "budget_reserve": "0"},
    )  # fmt: skip
    adapter = SalesforceAdapter(replace(opening, allowance=store.allowance("crm")))
    adapter.describe("Account")
    try:
        while True:
            adapter.find_by_key("Account", "Name", ["nobody"])
    except BudgetError as error:
        answers.put(f"{adapter.budget().pressure:d} {error.resume_after:.0f} {error}")
    adapter.close()
    store.close()


def test_two_processes_keep_one_share(tmp_path: Path) -> None:
    """Goes red when each process counts its own calls only."""
    from connector.store.opening import open_store

    folder = tmp_path / "state"
    open_store(folder).close()
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[str] = context.Queue()
    with start(tls=False) as emulator:
        emulator.control.settings(daily_limit=ALLOWED)
        arguments = (str(folder), emulator.url, emulator.client_id, emulator.client_secret, answers)
        processes = [context.Process(target=_spend, args=arguments) for _ in "ab"]
        for process in processes:
            process.start()
        told = [answers.get(timeout=240) for _ in processes]
        for process in processes:
            process.join(timeout=60)
        by_kind = emulator.control.counters()["by_kind"]
    sent = sum(n for kind, n in by_kind.items() if kind in ("describe", "query", "queryall"))
    # A process that ends gives back what it holds, so the last calls may go to neither.
    assert OURS * 0.8 <= sent <= OURS
    for text in told:
        pressure, resume, sentence = text.split(" ", 2)
        assert int(pressure) == Pressure.PAUSE
        # The hour of the first call leaves the window a day after it ended.
        assert int(resume) == 24 * 3600 + 1800
        assert "its share, 60 of the org's 1000" in sentence
        assert "2026-04-01 10:00 UTC" in sentence
