"""Decisions in words, English and Chinese."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from connector.credit.engine import Decided, decide
from connector.credit.flags import FLAGS
from connector.credit.policy.document import PolicyDoc
from connector.credit.reasons import wording
from connector.credit.reasons.explain import explain, explain_blocks, flag_line, reason_lines
from connector.domain.metrics import METRICS
from connector.domain.texts import chinese_templates
from tests.unit.credit.book import AS_OF, sample_book


@pytest.fixture(scope="module")
def sample(policy: PolicyDoc) -> Decided:
    book = sample_book()
    return decide(book.connection, book.inputs, policy, AS_OF, "run")


def reason(code: str, rank: int = 1, **params: Any) -> dict[str, Any]:
    return {"rank": rank, "code": code, "params": json.dumps(params)}


def test_the_explanation_adds_up_and_names_the_documents(sample: Decided) -> None:
    text = "\n".join(explain(sample.tables, "en", name="Sample Ltd"))
    assert text.startswith("Sample Ltd: red, grade D")
    assert "CN¥500,000.00" in text
    assert "98.4 %" in text
    assert "INV-1" in text
    assert "Pay CN¥50,000.00: what was due by 2025-04-11 (invoices: 1)." in text
    blocks = {block.title: block.rows for block in explain_blocks(sample.tables, "en")}
    (points,) = [rows for title, rows in blocks.items() if title.startswith("How the score")]
    owed = sum(Decimal(row[1].removeprefix("CN¥").replace(",", ""))
               for row in blocks["Ageing, days past due"])  # fmt: skip
    (decision,) = [r for r in sample.tables["decision"].to_pylist() if r["selling_company"] == ""]
    assert owed == decision["open_receivables"] > 0
    assert [row[0] for row in blocks["Ageing, days past due"]] == [
        "Not yet due", "1 – 30", "31 – 60", "61 – 90", "91 – 120", "more than 120",
    ]  # fmt: skip
    total = sum(int(row[3]) for row in points[1:-1] if row[3] != "–")
    assert points[-1][3] == str(total)


def test_the_explanation_in_chinese_leaves_no_english_sentence(sample: Decided) -> None:
    lines = explain(sample.tables, "zh", name="样品公司")
    assert lines[0].startswith("样品公司")
    assert "已批额度" in "\n".join(lines)
    assert not [line for line in lines if " the " in line or " of " in line]


def test_reason_lines_are_short_and_end_at_a_sentence(sample: Decided) -> None:
    rows = [r for r in sample.tables["reason"].to_pylist() if r["selling_company"] == ""]
    for language in ("en", "zh"):
        lines = reason_lines(rows, language)
        assert 1 <= len(lines) <= 3
        assert len(" ".join(lines)) <= 255
        assert all(line.endswith((".", "。")) for line in lines)


def test_reason_lines_come_by_rank_and_do_not_repeat() -> None:
    rows = [
        reason("limit_manual", 3),
        reason("overdue_share", 2, metric="overdue_ratio", bin="> 50 %", label_en="x"),
        reason("overdue_all", 1, metric="overdue_ratio_undisputed", bin="> 50 %", label_en="x"),
    ]
    assert reason_lines(rows, "en") == [
        "Overdue part of what is owed: more than 50 %.",
        "No limit can be proposed by rule: a person has to decide.",
    ]


def test_a_sentence_that_does_not_fit_is_left_out_whole() -> None:
    long = reason("some_code", 2, metric="sales_year", bin="x" * 240, label_en="Label")
    rows = [reason("limit_manual", 1), long]
    assert len(reason_lines(rows, "en")) == 1
    (cut,) = reason_lines([{**long, "params": json.dumps({"metric": "m", "bin": "x" * 400})}], "en")
    assert len(cut) == 255


def test_days_are_said_in_words() -> None:
    params = {"due_date": "2025-04-11", "threshold": "60 d"}
    assert flag_line("oldest_overdue", params, "en").endswith("(more than 60 days late).")
    assert "60 天" in flag_line("oldest_overdue", params, "zh")


def test_every_flag_metric_reason_and_remedy_has_words_in_both_languages() -> None:
    chinese = chinese_templates()
    said = [
        *wording.FLAG_TEXTS.values(), *wording.METRIC_TEXTS.values(), wording.CASH_ONLY_OPEN,
        *wording.REASON_TEXTS.values(), *wording.REMEDY_TEXTS.values(), wording.LIMIT_EXPIRED,
        *wording.FLAG_NAMES.values(), *(m.label for m in METRICS.values()), wording.REMEDY_RESULT,
    ]  # fmt: skip
    assert set(wording.FLAG_TEXTS) == set(FLAGS) == set(wording.FLAG_NAMES)
    assert not [text for text in said if text not in chinese]
