"""What the store says is said in Chinese too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import connector.store
from connector.domain.texts import chinese_templates

ROOM = Path(connector.store.__file__).parent


def list_templates() -> Iterator[str]:
    """Message and next step of every error the room raises."""
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if not node.func.id.endswith("Error") or node.func.id == "ValueError":
                continue
            told = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "next_step")]
            yield from (str(part.value) for part in told if isinstance(part, ast.Constant))


def test_every_sentence_has_its_translation() -> None:
    spoken = [template for template in list_templates() if " " in template]
    assert len(spoken) > 30
    missing = [template for template in spoken if template not in chinese_templates()]
    assert not missing
