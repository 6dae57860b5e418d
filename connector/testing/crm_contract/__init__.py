"""What every CRM adapter must keep to, as clauses that a vendor's tests run one by one."""

from __future__ import annotations

import pytest

from connector.testing.crm_contract.clauses import SUBJECTS, Clause, all_clauses
from connector.testing.crm_contract.harness import (
    Applied,
    CallKind,
    CrmUnderTest,
    Layout,
    Values,
)
from connector.testing.crm_contract.traits import Traits, read_traits

# Before the clauses are imported: a broken one then shows its values.
pytest.register_assert_rewrite(*(f"{__name__}.{subject}" for subject in (*SUBJECTS, "views")))

__all__ = [
    "Applied",
    "CallKind",
    "Clause",
    "CrmUnderTest",
    "Layout",
    "Traits",
    "Values",
    "all_clauses",
    "read_traits",
]
