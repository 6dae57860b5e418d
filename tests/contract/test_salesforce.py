"""The Salesforce adapter keeps the contract, against its emulator, in each way it can work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from adapters.salesforce import reading, session
from adapters.salesforce.emulator import RunningEmulator, start
from connector.ports.crm import CrmPort
from connector.testing.crm_contract import Clause, all_clauses
from connector.testing.crm_contract.by_job import SUBJECTS_BY_JOB, ByJob
from connector.testing.crm_contract.views import PLAIN, ids, pull, update
from tests.contract.salesforce_harness import PAGE_SIZE, SalesforceUnderTest

SUBJECTS = {
    "rest": tuple(dict.fromkeys(clause.subject for clause in all_clauses())),
    "write-by-job": SUBJECTS_BY_JOB,
    "read-in-bulk": ("pulling", "pages", "moving", "exactness"),
}
"""The ways in which the adapter can work, with the subjects in which they differ."""


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    with start(tls=False) as running:
        yield running


@pytest.fixture
def under(
    way: str, emulator: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SalesforceUnderTest]:
    # Real orgs give 2,000 records a page; the emulator obeys smaller wishes, and tests are quick.
    monkeypatch.setattr(session, "_PAGE", {"Sforce-Query-Options": f"batchSize={PAGE_SIZE}"})
    made = SalesforceUnderTest(emulator, tmp_path, way)
    if way == "write-by-job":
        made.crm = cast(CrmPort, ByJob(made.crm, made.advance))
    if way == "read-in-bulk":
        # However few rows there are: what pays is another matter.
        monkeypatch.setattr(reading, "bulk_pays", lambda _rows, _least: True)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("way", "clause"),
    [(way, c) for way, chosen in SUBJECTS.items() for c in all_clauses() if c.subject in chosen],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_contract(clause: Clause, under: SalesforceUnderTest) -> None:
    clause.check(under)


@pytest.mark.parametrize(
    ("way", "kind"),
    [("write-by-job", "bulk_ingest_upload"), ("read-in-bulk", "bulk_query_results")],
)
def test_the_way_is_really_taken(
    way: str, kind: str, emulator: RunningEmulator, under: SalesforceUnderTest
) -> None:
    (record_id,) = under.seed([PLAIN])
    assert update(under, (record_id, {"number": "9"}))[0].state == "ok"
    assert ids(under, pull(under)) == [record_id]
    assert emulator.control.counters()["by_kind"][kind] == 1
