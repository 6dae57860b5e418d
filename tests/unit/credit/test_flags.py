"""The readable cases of `tests/cases`, each through the flag's own table expression."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.credit.facts import IBIS_TYPES
from connector.credit.flags import FLAGS
from connector.credit.flags.finding import FINDING_COLUMNS, FlagContext
from connector.credit.policy.document import FlagDoc
from connector.domain.metrics import METRICS
from tests.unit.credit.book import AS_OF, only

CASES = Path(__file__).parents[2] / "cases"
MONEY, RATE = "decimal(18,4)", "decimal(18,10)"
PARTY = {
    "concentration_use": RATE, "concentration_allowed": RATE,
    "party_id": "string", "selling_company": "string", "open_receivables": MONEY,
    "terms_days": "int64", "allowed_terms_days": "int64",
    "overdue_past_grace": MONEY, "overdue_undisputed": MONEY, "overdue_ratio_past_grace": RATE,
    "disputed": MONEY, "dispute_ratio": RATE, "unapplied_cash": MONEY, "open_credit_notes": MONEY,
    "unapplied_ratio": RATE, "net_exposure": MONEY, "utilisation": RATE, "approved_state": "string",
    "approved_amount": MONEY, "approved_valid_to": "date", "expired": "boolean",
    "oldest_due_date": "date", "oldest_overdue_days": "int64", "dbt_recent": MONEY,
    "dbt_before": MONEY, "recent_items": "int64", "recent_amount": "decimal(34,4)",
    "insured_limit_cut": MONEY, "bill_dishonoured_on": "date", "promised_broken": MONEY,
    "disputed_now": MONEY, "part_amount": MONEY, "orders_before": MONEY, "largest_recent": MONEY,
    "bills_amount": MONEY, "receipts_before": "int64", "stops_in_force": "int64",
    "insured_limit_stage": "int64",
}  # fmt: skip
PARTY = {m.name: IBIS_TYPES[m.column.kind] for m in METRICS.values()} | PARTY
ITEM = {
    "party_id": "string",
    "seller": "string",
    "base_undisputed": MONEY,
    "days_past_due": "int64",
}


def load(code: str) -> dict[str, Any]:
    return dict(yaml.safe_load((CASES / f"{code}.yaml").read_text(encoding="utf-8")))


def listed() -> list[Any]:
    return [
        pytest.param(code, case, id=f"{code}: {case['name']}")
        for code in FLAGS
        for case in load(code)["cases"]
    ]


def find(tables: Any, code: str, case: dict[str, Any]) -> list[dict[str, Any]]:
    items = [
        {"party_id": "P", "seller": "", "base_undisputed": Decimal(str(item["amount"])),
         "days_past_due": item["days"]}
        for item in case.get("items", [])
    ]  # fmt: skip
    ages = [item["days_past_due"] for item in items if item["base_undisputed"] > 0]
    party = {"party_id": "P", "selling_company": "", "overdue_undisputed": Decimal(0)}
    if ages:
        party |= {"oldest_overdue_days": max(ages), "oldest_due_date": AS_OF - timedelta(max(ages))}
    for name, value in case["party"].items():
        exact = isinstance(value, int | float) and not isinstance(value, bool)
        party[name] = Decimal(str(value)) if exact and "decimal" in PARTY[name] else value
    context = FlagContext(
        tables.make("parties", PARTY, [party]),
        tables.make("items", ITEM, items),
        FlagDoc.model_validate(load(code)["rule"]),
    )
    found = import_module(f"connector.credit.flags.{code}").find(context)
    assert tuple(found.columns) == FINDING_COLUMNS
    return list(tables.rows(found))


@pytest.mark.parametrize(("code", "case"), listed())
def test_case(tables: Any, code: str, case: dict[str, Any]) -> None:
    rows = find(tables, code, case)
    if case["expect"] == "quiet":
        assert rows == []
        return
    row = only(rows)
    assert row["code"] == code
    for name, value in case["expect"].items():
        if name == "params":
            assert json.loads(row["params"]) == value
        else:
            assert row[name] == (Decimal(str(value)) if name == "amount" else value), name


@pytest.mark.parametrize("code", FLAGS)
def test_every_flag_has_quiet_and_loud_cases_and_says_what_it_does(code: str) -> None:
    cases = load(code)["cases"]
    assert load(code)["flag"] == code
    assert sum(case["expect"] == "quiet" for case in cases) >= 2
    assert sum(case["expect"] != "quiet" for case in cases) >= 1
    text = import_module(f"connector.credit.flags.{code}").__doc__ or ""
    assert all(f"{part}:" in text for part in ("Finds", "Value", "Steps", "Quiet when", "Way back"))


def test_parameters_do_not_move_with_the_clock(tables: Any) -> None:
    case = load("oldest_overdue")["cases"][1]
    (row,) = find(tables, "oldest_overdue", case)
    assert json.loads(row["params"]) == {
        "due_date": (AS_OF - timedelta(31)).isoformat(), "threshold": "30 d",
    }  # fmt: skip
    assert date.fromisoformat(json.loads(row["params"])["due_date"]) < AS_OF
