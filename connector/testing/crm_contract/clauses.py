"""A clause: one sentence of the contract, with the check that holds an adapter to it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from connector.testing.crm_contract.harness import CrmUnderTest
from connector.testing.faults import Trouble

SUBJECTS = (
    "describing", "pulling", "pages", "moving", "exactness", "writing", "keys", "outcomes",
    "troubles", "reading_back", "costs", "secrecy",
)  # fmt: skip
"""Modules of clauses, one a subject."""

Check = Callable[[CrmUnderTest], None]


@dataclass(frozen=True, slots=True)
class Clause:
    """`check` raises AssertionError when the CRM breaks the clause. `needs` are troubles without
    which it cannot be tried."""

    name: str
    subject: str
    meaning: str
    check_all: Check
    needs: frozenset[Trouble] = frozenset()

    def check(self, crm: CrmUnderTest) -> None:
        """Hold the CRM to it; skipped with a reason where a trouble cannot be brought about."""
        lacking = sorted(self.needs - crm.troubles)
        if lacking:
            pytest.skip(f"this CRM cannot be made to show: {', '.join(lacking)}")
        self.check_all(crm)


_CLAUSES: dict[str, Clause] = {}


def clause(name: str, *needs: Trouble) -> Callable[[Check], Check]:
    """Register a function as a clause; its docstring is the sentence."""

    def register(check: Check) -> Check:
        subject = check.__module__.rpartition(".")[2]
        meaning = " ".join((check.__doc__ or "").split())
        add_clause(Clause(name, subject, meaning, check, frozenset(needs)))
        return check

    return register


def add_clause(made: Clause) -> None:
    """Register a clause; names are unique."""
    known = _CLAUSES.setdefault(made.name, made)
    if known.subject != made.subject:
        raise ValueError(f"two clauses are named {made.name}")


def all_clauses() -> list[Clause]:
    """Every clause, by subject."""
    for subject in SUBJECTS:
        importlib.import_module(f"connector.testing.crm_contract.{subject}")
    return sorted(_CLAUSES.values(), key=lambda c: SUBJECTS.index(c.subject))
