"""Every metric is made somewhere, and explained where it is made."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

from connector.domain.metrics import METRICS

HERE = Path(__file__).parent
CREDIT = HERE.parents[2] / "connector" / "credit"
ROOMS = ("metrics", "portfolio", "decision")
WORD = re.compile(r"[a-z][a-z0-9_]+")


@cache
def explained_and_made() -> tuple[frozenset[str], frozenset[str]]:
    """Words of the docstrings of functions, and names that a function of the same file gives."""
    explained: set[str] = set()
    made: set[str] = set()
    for path in sorted(p for room in ROOMS for p in (CREDIT / room).glob("*.py")):
        told: set[str] = set()
        given: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                told |= set(WORD.findall(ast.get_docstring(node) or ""))
                given.add(node.name)
            elif isinstance(node, ast.keyword) and node.arg:
                given.add(node.arg)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                given.add(node.value)
        explained |= told & given
        made |= given
    return frozenset(explained), frozenset(made)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_made_and_explained_in_the_same_place(name: str) -> None:
    explained, made = explained_and_made()
    assert name in made
    assert name in explained, f"no docstring beside {name} says what it is"


def test_vectors_that_are_named_exist() -> None:
    known = set(json.loads((HERE / "vectors.json").read_text(encoding="utf-8")))
    named = {
        name
        for path in CREDIT.rglob("*.py")
        for name in re.findall(
            r"\((?:vector )?([A-Z][A-Z0-9]*-[A-Z0-9-]+)\)", path.read_text("utf-8")
        )
    }
    assert len(named) > 30
    assert not named - known
