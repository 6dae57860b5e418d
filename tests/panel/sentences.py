"""Sentences of the credit room with the codes and parameters they come from.

    python -m tests.panel.sentences       writes the file with which the panel's texts are compared

Dates stay ISO and amounts are `CUR amount`, so that only the sentences are compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from connector.credit.reasons import wording
from connector.domain.texts import Language
from scripts.make_panel_texts import ROOT

TARGET = ROOT / "adapters" / "salesforce" / "app" / "jest" / "sentences.json"
LANGUAGES: tuple[Language, ...] = ("en", "zh")
FIGURES = ("> 90 d", "≤ 30 d", "30 d – 60 d", "> 80 %", "25 % – 50 %", "≤ 10", "…")
VALUES = {
    "due_date": "2025-10-31", "valid_to": "2026-01-15", "due_on_or_before": "2026-02-28",
    "known": "40 %", "share": "2 %", "grade": "C", "max_up": "25 %", "count": "17",
    "total": "1394250.0715", "amount": "120000.00", "threshold": "90 d", "bin": "> 90 d",
    "label_en": "Own characteristic", "label_zh": "自定义指标", "points_lost": "12",
}  # fmt: skip
CONDITION = {"figures_en": "Open items ≥ 40", "figures_zh": "未清项数 ≥ 40"}
CURRENCY = "CNY"
RESULTS: tuple[dict[str, Any] | None, ...] = (
    None,
    {"score": "71", "grade": "B", "hold": "false", "colour": "green", "flags": ""},
    {"score": None, "grade": None, "hold": "true", "colour": "red",
     "flags": "near_limit;oldest_overdue;unheard_of"},
)  # fmt: skip


def render() -> str:
    """The file as text, one case a line."""
    values = json.dumps({**VALUES, "currency": CURRENCY}, ensure_ascii=False)
    reasons, remedies = _lines(_reasons()), _lines(_remedies())
    return f'{{"values": {values},\n"reasons": {reasons},\n"remedies": {remedies}}}\n'


def _lines(cases: Iterator[dict[str, Any]]) -> str:
    return "[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "]"


def _reasons() -> Iterator[dict[str, Any]]:
    cases: list[tuple[str, dict[str, Any]]] = [(code, {}) for code in wording.REASON_TEXTS]
    for code in wording.FLAG_TEXTS:
        cases += [(code, {"state": state}) for state in ("amount", "cash_only", "expired")]
    cases += [("oldest_overdue", {"threshold": figure}) for figure in FIGURES]
    cases += [("custom_many_open", CONDITION)]
    cases += [("line", {"metric": metric}) for metric in (*wording.METRIC_TEXTS, "unheard_of")]
    cases += [("line", {"metric": "dbt", "bin": figure}) for figure in FIGURES]
    for language in LANGUAGES:
        for code, more in cases:
            params = {**VALUES, **more}
            sentence = wording.reason_text(code, params, language)
            yield {"language": language, "code": code, "params": more, "sentence": sentence}
        sentence = wording.reason_text("unheard_of", {}, language)
        yield {"language": language, "code": "unheard_of", "params": {}, "sentence": sentence}


def _remedies() -> Iterator[dict[str, Any]]:
    for language in LANGUAGES:
        for remedy in (*wording.REMEDY_TEXTS, "unheard_of"):
            params = {**VALUES, "currency": CURRENCY}
            amounts = {name: f"{CURRENCY} {VALUES[name]}" for name in ("amount", "total")}
            todo = wording.remedy_text(remedy, params, language, amounts)
            for result in RESULTS:
                whole = wording.remedy_text(remedy, {**params, "result": result}, language, amounts)
                then = whole.removeprefix(todo).strip()
                yield {
                    "language": language, "remedy": remedy, "result": result,
                    "todo": todo, "then": then or None,
                }  # fmt: skip


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
