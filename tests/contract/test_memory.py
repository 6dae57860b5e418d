"""The in-memory CRM keeps the contract that vendors' adapters are held to."""

from __future__ import annotations

import pytest

from connector.testing.crm_contract import Clause, CrmUnderTest, all_clauses
from connector.testing.memory_harness import MemoryUnderTest


@pytest.fixture
def under() -> CrmUnderTest:
    return MemoryUnderTest()


@pytest.mark.parametrize("clause", all_clauses(), ids=lambda clause: clause.name)
def test_the_contract(clause: Clause, under: CrmUnderTest) -> None:
    clause.check(under)
