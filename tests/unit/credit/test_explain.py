"""Decisions in words, English and Chinese."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from connector.credit.engine import Decided, decide
from connector.credit.flags import FLAGS, flag_card
from connector.credit.policy.document import PolicyDoc
from connector.credit.reasons import wording
from connector.credit.reasons.explain import explain, explain_blocks, flag_line, reason_lines
from connector.credit.reasons.letter import FIGURES, write_letter
from connector.credit.reasons.speaker import Speaker
from connector.domain.credit_file import EVENT_KINDS
from connector.domain.metrics import METRICS
from connector.domain.texts import Language, chinese_templates
from tests.unit.credit.book import AS_OF, Book, sample_book

CANARY = "CANARY"
TOLD = Decimal(7777777)
"""A text and an amount that others told us in confidence."""


def confided(book: Book) -> Book:
    """A late customer of whom bureau, insurer, guarantor, court and referee told us something."""
    book.party("Q", terms_days=30, customer_since=date(2020, 1, 1), country="CN")
    for number, due in (("Q-1", date(2025, 1, 31)), ("Q-2", date(2025, 8, 30))):
        book.add("invoice", "Q", id=number, number=number, amount=900_000, open_amount=900_000,
                 invoice_date=due - timedelta(30), due_date=due)  # fmt: skip
    for day, score in ((date(2025, 6, 1), 12), (date(2025, 1, 1), 80)):
        book.add("bureau_report", "Q", bureau=CANARY, score_name=CANARY, rating=CANARY, score=score,
                 scale_low=0, scale_high=100, higher_is_better=True, pd=Decimal("0.0777"),
                 recommended_limit=TOLD, as_of=day, note=CANARY)  # fmt: skip
    book.add("event", "Q", kind="judgment", severity=3, source=CANARY, since=date(2025, 6, 1),
             note=CANARY)  # fmt: skip
    book.add("trade_reference", "Q", referee=CANARY, limit_amount=TOLD, days_beyond_terms=77,
             given_on=date(2025, 6, 1))  # fmt: skip
    book.add("statement", "Q", fiscal_year_end=date(2024, 12, 31), months=12, sales=TOLD,
             total_assets=TOLD, total_liabilities=TOLD * 2, equity=-TOLD, note=CANARY)  # fmt: skip
    book.add("insurance_policy", number=CANARY, insurer=CANARY, insured_share=Decimal("0.9"),
             max_extension_days=60, notification_days=30, valid_from=date(2025, 1, 1))  # fmt: skip
    book.add("insured_limit", "Q", number=CANARY, policy_number=CANARY, kind="named",
             state="reduced", amount=TOLD, previous_amount=TOLD * 2, decided_on=date(2025, 6, 1),
             valid_from=date(2025, 1, 1))  # fmt: skip
    book.add("guarantee", "Q", number=CANARY, kind="bank", guarantor=CANARY, amount=TOLD,
             valid_from=date(2025, 1, 1), valid_to=date(2025, 7, 10))  # fmt: skip
    return book.approve("Q", amount="1000000")


@pytest.fixture(scope="module")
def both(policy: PolicyDoc) -> Decided:
    book = confided(sample_book())
    return decide(book.connection, book.inputs, policy, AS_OF, "run")


def of_party(decided: Decided, party: str) -> dict[str, pa.Table]:
    return {
        name: table.filter(pc.equal(table["party_id"], party))
        for name, table in decided.tables.items()
    }


@pytest.fixture(scope="module")
def sample(both: Decided) -> dict[str, pa.Table]:
    return of_party(both, "P")


def reason(code: str, rank: int = 1, **params: Any) -> dict[str, Any]:
    return {"rank": rank, "code": code, "params": json.dumps(params)}


def test_the_explanation_adds_up_and_names_the_documents(sample: dict[str, pa.Table]) -> None:
    text = "\n".join(explain(sample, "en", name="Sample Ltd"))
    assert text.startswith("Sample Ltd: red, grade D")
    assert "CN¥500,000.00" in text
    assert "98.4 %" in text
    assert "INV-1" in text
    assert "Pay CN¥50,000.00: what was due by 2025-04-11 (invoices: 1)." in text
    blocks = {block.title: block.rows for block in explain_blocks(sample, "en")}
    (points,) = [rows for title, rows in blocks.items() if title.startswith("How the score")]
    owed = sum(Decimal(row[1].removeprefix("CN¥").replace(",", ""))
               for row in blocks["Ageing, days past due"])  # fmt: skip
    (decision,) = [r for r in sample["decision"].to_pylist() if r["selling_company"] == ""]
    assert owed == decision["open_receivables"] > 0
    assert [row[0] for row in blocks["Ageing, days past due"]] == [
        "Not yet due", "1 – 30", "31 – 60", "61 – 90", "91 – 120", "more than 120",
    ]  # fmt: skip
    total = sum(int(row[3]) for row in points[1:-1] if row[3] != "–")
    assert points[-1][3] == str(total)


def test_the_explanation_in_chinese_leaves_no_english_sentence(sample: dict[str, pa.Table]) -> None:
    lines = explain(sample, "zh", name="样品公司")
    assert lines[0].startswith("样品公司")
    assert "已批额度" in "\n".join(lines)
    assert not [line for line in lines if " the " in line or " of " in line]


def test_reason_lines_are_short_and_end_at_a_sentence(sample: dict[str, pa.Table]) -> None:
    rows = [r for r in sample["reason"].to_pylist() if r["selling_company"] == ""]
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
        *wording.FLAG_PLAYBOOKS.values(), *wording.FLAG_CLOSINGS.values(), wording.CONDITION_TEXT,
    ]  # fmt: skip
    assert set(wording.FLAG_TEXTS) == set(FLAGS) == set(wording.FLAG_NAMES)
    assert not [text for text in said if text not in chinese]


def test_every_reason_for_a_hard_stop_has_its_sentence() -> None:
    assert not [kind for kind in EVENT_KINDS if kind not in wording.REASON_TEXTS]


def test_a_flag_is_told_with_weight_job_documents_and_end(sample: dict[str, pa.Table]) -> None:
    for language, parts in LANGUAGES.items():
        blocks = explain_blocks(sample, language)
        (late,) = [b.rows for b in blocks if b.title.startswith(parts["title"])]
        assert late[0] == (parts["weight"],)
        assert [row[0] for row in late[1:3]] == ["INV-1", "INV-2"]
        assert late[-2][0].startswith(parts["job"])
        assert late[-1][0].startswith(parts["end"])


LANGUAGES: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Flag: An invoice due on 2025-04-11", "job": "To do (sales): ",
        "weight": "Warning, since 2025-06-30, concerns CN¥50,000.00", "end": "Closes when: ",
    },
    "zh": {
        "title": "预警：2025-04-11 到期的发票", "job": "待办（销售）：",
        "weight": "警告，自 2025-06-30 起，涉及 50,000.00 元", "end": "关闭条件：",
    },
}  # fmt: skip


def test_points_lost_and_what_set_the_limit_are_named(sample: dict[str, pa.Table]) -> None:
    blocks = {block.title: block.rows for block in explain_blocks(sample, "en")}
    (points,) = [rows for title, rows in blocks.items() if title.startswith("How the score")]
    assert points[0][3:] == ("Points", "of", "Lost")
    assert all(int(row[4]) - int(row[3]) == int(row[5]) for row in points[1:-1])
    assert ("Because", "Grade D sells for cash only.") in blocks["Limit"]


def test_the_same_way_back_is_told_once(sample: dict[str, pa.Table]) -> None:
    text = "\n".join(explain(sample, "en"))
    (rank,) = {line.split()[-1] for line in text.splitlines() if "the same way as at" in line}
    assert f"  {rank} " in text


@pytest.mark.parametrize(
    ("amount", "currency", "amounts", "shown"),
    [
        ("1234567.891", "CNY", "one", "1,234,567.89 元"),
        ("1234567.891", "CNY", "ten_thousand", "123.46 万元"),
        ("-50", "CNY", "ten_thousand", "-0.01 万元"),
        ("1234567.891", "USD", "one", "1,234,567.89 美元"),
        ("1234567.891", "USD", "ten_thousand", "123.46 万美元"),
        ("1", "XYZ", "one", "1.00 XYZ"),
        (None, "CNY", "one", "–"),
    ],
)
def test_chinese_amounts_stand_in_yuan_or_ten_thousand_yuan(
    amount: str | None, currency: str, amounts: Any, shown: str
) -> None:
    assert Speaker("zh", "CNY", amounts).money(amount, currency) == shown


def test_english_amounts_by_choice_in_units_of_ten_thousand() -> None:
    assert Speaker("en", "CNY").money("1234567.891", "USD") == "$1,234,567.89"
    assert Speaker("en", "CNY", "ten_thousand").money("1234567.891") == "123.46 × 10,000 CNY"


def test_chinese_is_set_as_chinese(sample: dict[str, pa.Table]) -> None:
    text = "\n".join(explain(sample, "zh", name="样品公司", amounts="ten_thousand"))
    assert "万元" in text
    assert "38.2%" in text
    for wrong in (" %", " 。", " ，", "¥", "天 以上", "逾期 超过", " d\n"):
        assert wrong not in text


def test_the_customer_is_not_told_what_others_told_us(both: Decided) -> None:
    confided_to_us = of_party(both, "Q")
    raised = {row["code"] for row in confided_to_us["flag"].to_pylist()}
    assert {"bureau_downgrade", "adverse_event", "negative_equity", "insurer_cut"} <= raised
    ours = "\n".join(explain(confided_to_us, "en"))
    assert CANARY in ours
    assert "7,777,777" in ours
    languages: tuple[Language, ...] = ("en", "zh")
    for language in languages:
        said = "\n".join(write_letter(confided_to_us, language, name="Customer"))
        assert "Q-1" in said
        assert "2025-01-31" in said
        secrets = (CANARY, "7,777,777", "777.78", "court", "ureau", "nsur", "score", "grade",
                   "评分", "等级", "保险", "机构", "判决", "报表", "负债")  # fmt: skip
        assert not [secret for secret in secrets if secret in said], said


def test_what_is_planted_in_any_table_does_not_reach_the_customer(both: Decided) -> None:
    tables = of_party(both, "Q")
    planted = {name: plant(name, table) for name, table in tables.items()}
    said = "\n".join(write_letter(planted, "en", name="Customer"))
    assert CANARY not in said
    assert "424242" not in said


def plant(name: str, table: pa.Table) -> pa.Table:
    """The table with a canary wherever the customer has no business."""
    rows = table.to_pylist()
    if name == "metric":
        own = (*FIGURES, "party_id", "selling_company")
        for row in rows:
            row |= {
                key: Decimal(424242)
                for key, value in row.items()
                if key not in own and isinstance(value, Decimal)
            }
    elif name == "evidence":
        alien = {"record_id": "x", "number": CANARY, "amount": Decimal(424242)}
        rows += [{**rows[0], **alien, "entity": entity} for entity in ("event", "bureau_report")]
        rows += [{**rows[0], **alien, "code": "bureau_downgrade"}]
    elif name == "flag":
        for row in rows:
            if not flag_card(row["code"]).customer:
                row |= {"params": json.dumps({"threshold": CANARY}), "amount": Decimal(424242)}
        made = {"label_en": CANARY, "label_zh": CANARY, "figures_en": CANARY, "figures_zh": CANARY}
        rows += [{**rows[0], "code": "custom_secret", "params": json.dumps(made)}]
    elif name == "reason":
        rows += [{**rows[0], "code": "limit_agency", "params": json.dumps({"share": CANARY}),
                  "remedy": None, "remedy_params": None}]  # fmt: skip
    elif name == "decision":
        rows = [{**row, "grade": CANARY, "score": Decimal(424242),
                 "proposed_amount": Decimal(424242)} for row in rows]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=table.schema)
