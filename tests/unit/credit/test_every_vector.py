"""Every vector of the fact sheet that states a result has a test of its name."""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "vectors.json").read_text(encoding="utf-8"))


def asserted_ids() -> dict[str, set[str]]:
    """Vector ids in the text of each test that asserts something, by the test's name."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in HERE.parent.rglob("test_vectors*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                inside = list(ast.walk(node))
                if any(isinstance(part, ast.Assert) for part in inside):
                    texts = {part.value for part in inside if isinstance(part, ast.Constant)}
                    found[node.name] |= {text for text in texts if isinstance(text, str)}
    return found


def test_every_vector_has_its_test() -> None:
    tests = asserted_ids()
    ids = [name for name, vector in VECTORS.items() if vector.get("out")]
    assert len(ids) > 70
    named = {name for name in ids for test in tests if test.startswith(name_of_test(name))
             and name in tests[test]}  # fmt: skip
    assert not set(ids) - named


def name_of_test(vector: str) -> str:
    """The name of the test of a vector: AGE-1 → test_age_1."""
    return "test_" + vector.lower().replace("-", "_")
