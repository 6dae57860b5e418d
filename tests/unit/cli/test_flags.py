"""`flags`: the warnings of the policy in force, readable in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from connector.credit.flags import FLAGS
from connector.credit.policy.document import shipped_policy
from tests.unit.cli.conftest import Creditflag

CONDITION = {
    "code": "old_debt", "label_en": "Debt of last year", "label_zh": "跨年旧账", "severity": 3,
    "owner": "finance", "floor": 500,
    "when": {"metric": "open_items", "operator": "at_least", "value": 40},
}  # fmt: skip


@pytest.fixture
def own_policy(settings: Path) -> Path:
    """Settings whose policy holds on an own condition and has one flag switched off."""
    document = yaml.safe_load(shipped_policy())
    document["conditions"] = [CONDITION]
    document["hold"]["flags"]["custom_old_debt"] = 3
    document["flags"]["near_limit"]["enabled"] = False
    text = yaml.safe_dump(document, allow_unicode=True)
    (settings.parent / "own.yaml").write_text(text, encoding="utf-8")
    with settings.open("a", encoding="utf-8") as file:
        file.write('[policy]\nfile = "own.yaml"\n')
    return settings


def test_all_flags_are_listed_with_steps_and_owner(
    creditflag: Creditflag, own_policy: Path
) -> None:
    listed = json.loads(creditflag("flags", "--json").out)
    assert [flag["code"] for flag in listed] == [*FLAGS, "custom_old_debt"]
    by_code = {flag["code"]: flag for flag in listed}
    assert by_code["oldest_overdue"]["steps"][0] == ["more than 30 days", 1, "Notice"]
    assert by_code["oldest_overdue"]["holds_from"] == 3
    assert not by_code["near_limit"]["enabled"]
    made = by_code["custom_old_debt"]
    assert (made["holds_from"], made["owner"], made["task"]) == (3, "finance", True)
    assert all(flag["playbook"] and flag["closes"] and flag["name"] for flag in listed)
    assert not [flag["code"] for flag in listed if "{" in flag["finds"]]
    text = creditflag("flags").out
    assert "more than 30 days Notice" in " ".join(text.split())
    assert "switched off" in text


def test_one_flag_is_told_in_full(creditflag: Creditflag, own_policy: Path) -> None:
    said = creditflag("--language", "zh", "flags", "custom_old_debt").out
    assert said.splitlines() == [
        "跨年旧账 (custom_old_debt)",
        "  跨年旧账：未清项数 ≥ 40。",
        "  严重",
        "  金额低于 500 时不提示。",
        "  达到此级别即冻结订单：严重。",
        "  待办（财务）：查看这些数值，决定需要采取的措施。",
        "  关闭条件：数值不再满足该条件。",
    ]
    told = creditflag("flags", "paying_later").out
    assert "more than 15 days Warning" in told
    assert "Quiet with fewer than 5 items." in told


def test_an_unknown_flag_is_told(creditflag: Creditflag, settings: Path) -> None:
    answer = creditflag("flags", "bad_luck")
    assert answer.code == 2
    assert "There is no flag bad_luck." in answer.err
