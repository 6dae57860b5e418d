"""Crash points: every name is used, and the process really ends there."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from connector.sync.crash import EXIT_CODE, POINTS, VARIABLE

ROOT = Path(__file__).resolve().parents[3]


def names_in_code() -> list[str]:
    """Every text given to `crash_point` anywhere in the product."""
    found = []
    for path in (ROOT / "connector").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "crash_point":
                given = [c for arg in node.args for c in ast.walk(arg)]
                found += [str(c.value) for c in given if isinstance(c, ast.Constant)]
    return found


def test_every_point_is_passed_somewhere_and_every_passing_has_a_name() -> None:
    used = names_in_code()
    assert sorted(set(used)) == sorted(POINTS)
    assert len(POINTS) == len(set(POINTS))


@pytest.mark.parametrize(
    ("wanted", "passed"),
    [
        ("after-call", ["before"]),
        ("after-call:2", ["before", "once"]),
        ("another", ["before", "once", "twice"]),
        ("", ["before", "once", "twice"]),
    ],
)
def test_the_process_ends_at_the_point_without_a_word(wanted: str, passed: list[str]) -> None:
    script = (
        "import atexit, sys\n"
        "from connector.sync.crash import crash_point\n"
        "atexit.register(lambda: print('handlers ran'))\n"
        "print('before', flush=True)\n"
        "crash_point('after-call')\n"
        "print('once', flush=True)\n"
        "crash_point('after-call')\n"
        "print('twice', flush=True)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, VARIABLE: wanted},
    )  # fmt: skip
    crashed = len(passed) < 3
    assert ended.returncode == (EXIT_CODE if crashed else 0), ended.stderr
    assert ended.stdout.split() == [*passed, *([] if crashed else ["handlers", "ran"])]
