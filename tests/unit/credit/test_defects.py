"""Defects known from other systems, each a named case that a credit manager can read."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.credit.defects import Case, check_order, decide_cases, read_cases, read_policy

CASES = read_cases()
POLICIES = sorted({case.told.get("policy", "standard") for case in CASES})


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What is decided about every case: one ledger and one calculation for each policy."""
    found: dict[str, dict[str, Any]] = {}
    for name in POLICIES:
        cases = [case for case in CASES if case.told.get("policy", "standard") == name]
        folder: Path = tmp_path_factory.mktemp(name)
        found |= decide_cases(folder / "ledger", name, cases)
    return found


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_defect(answers: dict[str, dict[str, Any]], case: Case) -> None:
    answer, told = answers[case.key], case.told
    expected = dict(told["expect"])
    raised, quiet = expected.pop("raised", []), expected.pop("quiet", [])
    buckets = expected.pop("buckets", {})
    check({"": expected, **told.get("of_company", {})}, answer["figures"])
    assert set(raised) <= set(answer["flags"])
    assert not set(quiet) & set(answer["flags"])
    assert {name: int(answer["buckets"][name]) for name in buckets} == buckets
    assert set(told.get("not_assessed", [])) <= answer["not_assessed"]
    for order in told.get("orders", []):
        judged = check_order(order, answer, read_policy(told.get("policy", "standard")))
        assert judged["verdict"] == order["verdict"], order
        assert order.get("because", "verdict") in judged


def check(expected: dict[str, dict[str, Any]], figures: dict[str, dict[str, Any]]) -> None:
    for company, columns in expected.items():
        for name, value in columns.items():
            exact = isinstance(value, int | float) and not isinstance(value, bool)
            wanted = Decimal(str(value)) if exact else value
            assert figures[company][name] == wanted, (company, name)


def test_every_defect_is_numbered_and_tells_its_trap() -> None:
    numbers = {case.told["number"] for case in CASES}
    assert len(numbers) >= 31
    assert numbers == set(range(1, len(numbers) + 1))
    for case in CASES:
        assert {"number", "system", "trap", "name", "expect", "wrong"} <= set(case.told)
    assert len({case.title for case in CASES}) == len(CASES)
