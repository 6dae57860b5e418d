"""The Salesforce adapter keeps the contract, against its emulator, in each way it can work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.salesforce.emulator import RunningEmulator, start
from connector.testing.crm_contract import Clause, all_clauses
from tests.contract.salesforce_harness import SalesforceUnderTest

VARIANTS: dict[str, dict[str, str]] = {"rest": {}}
"""Options of the connection by the way in which it then reads and writes."""


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    with start(tls=False) as running:
        yield running


@pytest.fixture(params=VARIANTS)
def under(
    request: pytest.FixtureRequest, emulator: RunningEmulator, tmp_path: Path
) -> Iterator[SalesforceUnderTest]:
    made = SalesforceUnderTest(emulator, tmp_path, VARIANTS[request.param])
    yield made
    made.close()


@pytest.mark.parametrize("clause", all_clauses(), ids=lambda clause: clause.name)
def test_the_contract(clause: Clause, under: SalesforceUnderTest) -> None:
    clause.check(under)
