"""Writes the message tables of the panel inside Salesforce from the sentences of the credit room.

    python -m scripts.make_panel_texts            writes the file
    python -m scripts.make_panel_texts --check    exits 1 when the file is not what would be written

Every table of `connector.credit.reasons.wording` becomes one of pairs: English and Chinese.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from connector.credit.reasons import wording
from connector.domain.texts import translate

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT.joinpath(
    "adapters", "salesforce", "app", "force-app", "main", "default", "lwc", "creditTexts",
    "messages.js",
)  # fmt: skip
HEAD = "// Written by scripts/make_panel_texts.py from connector/credit/reasons/wording.py.\n"

TABLES: dict[str, str | Mapping[str, str]] = {
    "FLAG_TEXTS": wording.FLAG_TEXTS,
    "CASH_ONLY_OPEN": wording.CASH_ONLY_OPEN,
    "LIMIT_EXPIRED": wording.LIMIT_EXPIRED,
    "CONDITION_TEXT": wording.CONDITION_TEXT,
    "METRIC_TEXTS": wording.METRIC_TEXTS,
    "OTHER_METRIC": wording.OTHER_METRIC,
    "REASON_TEXTS": wording.REASON_TEXTS,
    "OTHER_REASON": wording.OTHER_REASON,
    "REMEDY_TEXTS": wording.REMEDY_TEXTS,
    "REMEDY_RESULT": wording.REMEDY_RESULT,
    "WITH_HOLD": wording.WITH_HOLD,
    "WITHOUT_HOLD": wording.WITHOUT_HOLD,
    "WITH_FLAGS": wording.WITH_FLAGS,
    "WITHOUT_FLAGS": wording.WITHOUT_FLAGS,
    "FLAG_NAMES": wording.FLAG_NAMES,
    "MORE_THAN": "more than",
    "UP_TO": "up to",
    "DAYS": "days",
}


def render() -> str:
    """The module as text: one exported constant a table, pairs in the order of the source."""
    parts = [HEAD]
    for name, table in TABLES.items():
        value = _pair(table) if isinstance(table, str) else {k: _pair(v) for k, v in table.items()}
        written = json.dumps(value, ensure_ascii=False, indent=2)
        parts.append(f"export const {name} = {written};\n")
    return "\n".join(parts)


def _pair(template: str) -> tuple[str, str]:
    return template, translate(template, "zh")


def main() -> int:
    """Write or check the file; the exit code."""
    if "--check" in sys.argv[1:]:
        is_current = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == render()
        return 0 if is_current else 1
    TARGET.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
