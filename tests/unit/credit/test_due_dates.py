"""When documents and their parts fall due: the table expressions against the plain functions."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pytest
import yaml

from connector.credit.facts import Facts, linked_columns
from connector.credit.policy.document import PolicyDoc
from connector.credit.settlement import due_dates, schedules
from connector.domain.credit_file import TERMS_KINDS
from connector.domain.dates import Terms, due_on, read_parts
from tests.unit.credit.book import AS_OF

CASES = Path(__file__).parents[2] / "cases" / "terms" / "due_dates.yaml"
D = date.fromisoformat
WHOLE = [kind for kind in TERMS_KINDS if kind not in ("instalments", "deposit_balance")]


@pytest.fixture(autouse=True)
def _as_the_engine_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ibis.options.sql, "fuse_selects", False)


class World:
    """One party for each case: its documents and what is agreed, and when they fall due."""

    def __init__(self, tables: Any, policy: PolicyDoc, cases: dict[str, dict[str, Any]]) -> None:
        names = ("invoice", "terms", "agreement", "instalment")
        made = {name: self._table(tables, name, cases) for name in names}
        party = [
            {"party_id": case, **row}
            for case, rows in cases.items()
            for row in rows.get("party", [{}])
        ]
        made["party"] = tables.make("party", {"party_id": "string", "terms_days": "int64"}, party)
        made["moment"] = tables.make("moment", {"as_of": "date"}, [{"as_of": AS_OF}])
        self.tables, self.policy, self.facts = tables, policy, Facts(made)
        agreed = due_dates.agreed_terms(self.facts, policy)
        self.agreed = tables.backend.create_table("agreed", agreed)
        stated = schedules.stated_parts(self.facts, policy, self.agreed)
        parts = schedules.parts_of(self.facts, policy, self.agreed, stated)
        self.parts_table = tables.backend.create_table("parts", parts)

    @staticmethod
    def _table(tables: Any, name: str, cases: dict[str, dict[str, Any]]) -> Any:
        kinds = linked_columns(name)
        filled = [
            {
                column: Decimal(str(value)) if "decimal" in kinds[column] else value
                for column, value in {
                    "party_id": case, "connection": "erp", "id": f"{name}-{n}", **row
                }.items()
            }
            for case, rows in cases.items()
            for n, row in enumerate(rows.get(name, []), 1)
        ]  # fmt: skip
        return tables.make(name, kinds, filled)

    def documents(self) -> dict[str, tuple[str, str]]:
        """Due date and basis of each case's only invoice."""
        rows = due_dates.posted_rows(self.facts)
        t = due_dates.with_due_dates(rows, self.facts, self.policy, self.agreed)
        t = schedules.first_due(t, self.parts_table).select("party_id", "due_date", "due_basis")
        return {
            row["party_id"]: (row["due_date"].isoformat(), row["due_basis"])
            for row in self.tables.rows(t)
        }

    def parts(self) -> dict[str, list[tuple[str, float]]]:
        """Due date and amount of each part of each case's only invoice."""
        found: dict[str, list[tuple[str, float]]] = {}
        for row in self.tables.rows(self.parts_table.order_by("party_id", "part")):
            mine = found.setdefault(row["party_id"], [])
            mine.append((row["due_date"].isoformat(), float(row["amount"])))
            assert row["part"] == len(mine)
        return found


def read_cases(kind: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load(CASES.read_text(encoding="utf-8"))[kind])


def facts_of(case: dict[str, Any]) -> dict[str, Any]:
    """The rows of a case: an invoice of 1,000 and what it names."""
    invoice = {"amount": 1000, "invoice_date": D("2025-03-10"), "number": "R1"}
    parts = [{"invoice_id": "invoice-1", **row} for row in case.get("instalment", [])]
    return {
        "invoice": [{**invoice, **case.get("invoice", {})}],
        "terms": case.get("terms", []), "agreement": case.get("agreement", []),
        "instalment": parts, "party": [{"terms_days": case.get("party_terms")}],
    }  # fmt: skip


def test_who_says_when_it_is_due(tables: Any, policy: PolicyDoc) -> None:
    cases = read_cases("cases")
    world = World(tables, policy, {case["name"]: facts_of(case) for case in cases})
    assert world.documents() == {
        case["name"]: (case["due"][0].isoformat(), case["due"][1]) for case in cases
    }


def test_documents_in_parts(tables: Any, policy: PolicyDoc) -> None:
    cases = read_cases("parts")
    world = World(tables, policy, {case["name"]: facts_of(case) for case in cases})
    found = world.parts()
    for case in cases:
        wanted = [(day.isoformat(), float(amount)) for day, amount in case["parts"].items()]
        assert found.get(case["name"], []) == wanted, case["name"]
    first = world.documents()
    assert all(first[name][0] == parts[0][0] for name, parts in found.items())


def test_the_policy_fills_what_nobody_says(tables: Any, policy: PolicyDoc) -> None:
    terms = policy.terms.model_copy(update={"default_days": 30, "retention_days": 365})
    told = policy.model_copy(update={"terms": terms})
    cases = {
        "no terms": facts_of({}),
        "retention": facts_of({"invoice": {"due_date": D("2025-04-01"), "retention_amount": 100}}),
    }
    world = World(tables, told, cases)
    assert world.documents()["no terms"] == ("2025-04-09", "policy_default")
    assert world.parts() == {"retention": [("2025-04-01", 900), ("2026-03-10", 100)]}


def _random_terms(rng: random.Random) -> dict[str, Any]:
    day = [None, None, *range(1, 32)]
    return {
        "kind": rng.choice(WHOLE), "net_days": rng.randint(0, 200), "cut_off_day": rng.choice(day),
        "statement_day": rng.choice(day), "pay_day": rng.choice(day),
        "pay_months": rng.choice([None, 0, 1, 2, 13]),
        "base_date": rng.choice([None, "invoice", "statement"]),
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_the_table_expression_says_the_same_as_the_function(tables: Any, seed: int) -> None:
    rng = random.Random(seed)
    rows = [
        {"base": D("2023-12-01") + timedelta(rng.randrange(1200)), **_random_terms(rng)}
        for _ in range(1500)
    ]
    schema = {"base": "date", **{n: linked_columns("terms")[n] for n in rows[0] if n != "base"}}
    t = tables.make("t", schema, rows)
    found = tables.rows(t.mutate(found=due_dates.due_under(t, t.base)))
    for row in found:
        plain = Terms(
            row["kind"], row["net_days"], row["cut_off_day"], row["statement_day"], row["pay_day"],
            row["pay_months"], row["base_date"] == "statement",
        )  # fmt: skip
        assert row["found"] == due_on(row["base"], plain), row
        assert row["found"] >= row["base"]


@pytest.mark.parametrize(
    ("base", "terms", "expected"),
    [
        ("2025-02-10", Terms("net", 30), "2025-03-12"),
        ("2025-02-10", Terms("net_then_end_of_month", 30), "2025-03-31"),
        ("2025-02-10", Terms("end_of_month", 30), "2025-03-30"),
        ("2025-01-25", Terms("end_of_month", 30, cut_off_day=25), "2025-03-02"),
        ("2025-01-26", Terms("end_of_month", 30, cut_off_day=25), "2025-03-30"),
        # 月结: closes on the 25th, agreed on the 5th of the next month, paid on the 20th.
        ("2025-03-10", Terms("monthly_statement", cut_off_day=25, statement_day=5, pay_day=20),
         "2025-04-20"),
        ("2025-03-26", Terms("monthly_statement", cut_off_day=25, statement_day=5, pay_day=20),
         "2025-05-20"),
        ("2025-01-30", Terms("monthly_statement", cut_off_day=31, pay_day=31, pay_months=1),
         "2025-02-28"),
        ("2025-03-10", Terms("monthly_statement", 10, cut_off_day=25, statement_day=28,
                             from_statement=True), "2025-04-07"),
        ("2025-03-10", Terms("prepayment", 30), "2025-03-10"),
        ("2025-03-10", Terms("letter_of_credit", 90), "2025-06-08"),
        ("2025-03-10", Terms("documents_against_payment"), "2025-03-10"),
    ],
)  # fmt: skip
def test_terms_by_their_words(base: str, terms: Terms, expected: str) -> None:
    assert due_on(D(base), terms) == D(expected)


@pytest.mark.parametrize("text", ["", "0.3@0;0.6@60", "30@0;70@60", "0.3;0.7", "a@b", "1@99999"])
def test_instalments_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match="instalment"):
        read_parts(text)


def test_instalments_as_written() -> None:
    assert read_parts("0.3@0; 0.7@60") == ((Decimal("0.3"), 0), (Decimal("0.7"), 60))
