"""The script that takes guards out: it fits the present code and cannot be green by accident."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from connector.testing.crm_contract import all_clauses
from scripts.benches.guards import REMOVALS, ROOT, MovedError, Removal, main, show

CODE = "def add(a, b):\n    if b < 0:\n        raise ValueError(b)\n    return a + b\n"
TEST = """\
import pytest
from house import add

def test_add():
    assert add(1, 2) == 3

def test_guard():
    with pytest.raises(ValueError):
        add(1, -1)
"""
GUARD = "    if b < 0:\n        raise ValueError(b)\n"
TESTS = ("test_house.py",)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A checkout of two files."""
    root = tmp_path / "house"
    root.mkdir()
    (root / "house.py").write_text(CODE, encoding="utf-8")
    (root / "test_house.py").write_text(TEST, encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda removal: removal.name)
def test_each_removal_fits_the_present_code_and_names_tests_that_there_are(
    removal: Removal, tmp_path: Path
) -> None:
    copy = tmp_path / removal.file
    copy.parent.mkdir(parents=True)
    before = (ROOT / removal.file).read_text(encoding="utf-8")
    copy.write_text(before, encoding="utf-8")
    removal.apply(tmp_path)
    assert copy.read_text(encoding="utf-8") != before
    clauses = {clause.name for clause in all_clauses()}
    for test in removal.noticed_by:
        file, _, name = test.partition("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not name or f"def {name.partition('[')[0]}(" in text
        if clause := re.search(r"\[rest-(.+)\]", name):
            assert clause[1] in clauses


def test_the_four_guards_are_among_them() -> None:
    for guard in ("overlap", "count-check", "read-back", "fence"):
        assert any(removal.name.startswith(guard) for removal in REMOVALS)


def test_a_guard_that_is_tested_is_shown(
    house: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    removal = Removal("guard", "no check", "house.py", GUARD, "", TESTS)
    assert show([removal], tmp_path / "work", house) == 0
    told = capsys.readouterr().out
    assert "green: as it is" in told
    assert "red: without guard" in told
    assert (house / "house.py").read_text(encoding="utf-8") == CODE


def test_a_guard_that_nobody_tests_is_found_out(
    house: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    removal = Removal("guard", "no check", "house.py", GUARD, "", ("test_house.py::test_add",))
    assert show([removal], tmp_path / "work", house) == 1
    assert "NOT NOTICED" in capsys.readouterr().out


def test_tests_that_cannot_run_prove_nothing(house: Path, tmp_path: Path) -> None:
    broken = Removal("guard", "no function", "house.py", "def add(", "def plus(", TESTS)
    assert show([broken], tmp_path / "work", house) == 1


def test_code_that_has_moved_is_said(house: Path) -> None:
    with pytest.raises(MovedError, match="holds its text 0 times"):
        Removal("guard", "x", "house.py", "if b < 1:", "", TESTS).apply(house)
    with pytest.raises(MovedError, match="0 times"):
        Removal("guard", "x", "garden.py", "if", "", TESTS).apply(house)
    with pytest.raises(MovedError, match="2 times"):
        Removal("guard", "x", "house.py", "return", "", TESTS).apply(two_returns(house))
    with pytest.raises(SyntaxError):
        Removal("guard", "x", "house.py", "def add(a, b):", "", TESTS).apply(house)


def two_returns(house: Path) -> Path:
    path = house / "house.py"
    path.write_text(CODE + "\n\ndef one():\n    return 1\n", encoding="utf-8")
    return house


def test_a_name_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-guard"]) == 2
    assert "overlap-asked" in capsys.readouterr().err
