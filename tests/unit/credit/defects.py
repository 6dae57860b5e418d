"""The cases of `tests/cases/defects`: landed, linked, decided, and read out by party."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from connector.credit.engine import Decided, decide
from connector.credit.facts import Inputs
from connector.credit.policy.document import PolicyDoc, shipped_policy
from connector.credit.policy.lint import load_policy
from connector.domain.entities import ENTITIES, Kind
from connector.ledger import Ledger
from connector.ledger.rates import fill_rates
from connector.ports.orders import Release, Standing
from connector.ports.store import APPROVED_LIMIT_SCHEMA, LINK_SCHEMA
from connector.service.order_verdict import Bound, OrderCase, judge, measure_increment
from connector.sync.link import link
from connector.sync.scope import ScopeRules, scope_parties
from tests.unit.ledger.batches import land, to

FOLDER = Path(__file__).parents[2] / "cases" / "defects"
AS_OF = date(2025, 6, 30)
CURRENCY = "CNY"
RATES = {"USD": Decimal("7.15")}
EUR_RATES = ((date(2024, 6, 1), "7"), (date(2025, 6, 1), "8"))
"""The euro rose lately."""
CONNECTION = "crm"
REFERENCES = ("id", "order_id", "invoice_id", "payment_id")
"""Ids of records; each case has its own."""


@dataclass(frozen=True)
class Case:
    """One case as it stands in its file."""

    file: str
    place: int
    told: dict[str, Any]

    @property
    def key(self) -> str:
        return f"{self.file}-{self.place}"

    @property
    def title(self) -> str:
        return f"{self.told['number']:02} {self.told['name']}"

    @property
    def accounts(self) -> dict[str, dict[str, Any]]:
        """Accounts of the case by name; the first is the one that is looked at."""
        given: dict[str, dict[str, Any]] = self.told.get("accounts") or {"": {}}
        return {
            name: {**columns, **self.told.get("account", {})} for name, columns in given.items()
        }

    def record_id(self, account: str) -> str:
        return f"{self.key}/{account}"

    def records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Facts by entity, with ids of their own."""
        for entity, rows in {**self.told.get("facts", {})}.items():
            for number, row in enumerate(rows):
                yield entity, self._record(entity, row, number)
        yield from self._history()

    def _record(self, entity: str, row: dict[str, Any], number: int) -> dict[str, Any]:
        given = dict(row)
        account = given.pop("account", next(iter(self.accounts)))
        names = ENTITIES[entity].column_names
        made: dict[str, Any] = {"id": f"{entity}-{number}"}
        if "account_key" in names:
            made |= to(self.record_id(account), connection=CONNECTION)
        if "currency" in names:
            made["currency"] = CURRENCY
        if "number" in names:
            made["number"] = f"{entity}-{number}"
        made |= given
        for name in REFERENCES:
            if made.get(name) is not None:
                made[name] = f"{self.key}/{made[name]}"
        kinds = {column.name: column.kind for column in ENTITIES[entity].columns}
        return {name: typed(value, kinds.get(name)) for name, value in made.items()}

    def _history(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """So many invoices, so many days apart, each paid so many days after it was due."""
        told = self.told.get("history") or {"invoices": 0}
        for n in range(told["invoices"]):
            due = AS_OF - timedelta(told["days_apart"] * n + 20)
            amount = {"amount": told["amount"]}
            issued = {"invoice_date": due - timedelta(30), "due_date": due, "number": f"H-{n}"}
            yield "invoice", self._record("invoice", {**amount, **issued}, 1000 + n)
            paid = {"value_date": due + timedelta(told["days_late"]), "invoice_number": f"H-{n}"}
            yield "payment", self._record("payment", {**amount, **paid}, 1000 + n)


def typed(value: Any, kind: Kind | None) -> Any:
    """Exact numbers where the column is one."""
    exact = kind in (Kind.MONEY, Kind.RATE, Kind.QUANTITY)
    return Decimal(str(value)) if exact and value is not None else value


def read_cases() -> list[Case]:
    """All cases of the folder."""
    return [
        Case(path.stem, place, told)
        for path in sorted(FOLDER.glob("*.yaml"))
        if path.stem != "policies"
        for place, told in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))["cases"])
    ]


@cache
def read_policy(name: str) -> PolicyDoc:
    """The shipped policy with what the named one changes."""
    changes = yaml.safe_load((FOLDER / "policies.yaml").read_text(encoding="utf-8"))[name]
    shipped = yaml.safe_load(shipped_policy("standard"))
    return load_policy(yaml.safe_dump(_merged(shipped, changes), allow_unicode=True), name)


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        both = isinstance(value, dict) and isinstance(old.get(key), dict)
        merged[key] = _merged(old[key], value) if both else value
    return merged


def decide_cases(folder: Path, name: str, cases: list[Case]) -> dict[str, dict[str, Any]]:
    """What is decided about each case's first account, by case key; see `_answers`."""
    with Ledger.open(folder) as ledger:
        _land(ledger, cases)
        link(ledger, LINK_SCHEMA.empty_table(), {}, "run")
        parties = {
            row["account_id"]: row["party_id"]
            for row in ledger.query("SELECT account_id, party_id FROM account_party").to_pylist()
        }
        inputs = _inputs(cases, parties)
        scope_parties(ledger, ScopeRules(order_months=12), AS_OF, inputs.approved_limits)
        fill_rates(ledger, CURRENCY, RATES, AS_OF - timedelta(400), AS_OF)
        decided = decide(ledger.connection, inputs, read_policy(name), AS_OF, "run")
    answers = _answers(decided)
    return {
        case.key: answers.get(parties[case.record_id(next(iter(case.accounts)))], {})
        for case in cases
    }


def _land(ledger: Ledger, cases: list[Case]) -> None:
    accounts = [
        {"id": case.record_id(account), "name": case.title, "terms_days": 30, **columns}
        for case in cases
        for account, columns in case.accounts.items()
    ]
    land(ledger, "account", *accounts)
    rates = [
        {"id": f"EUR{on}", "currency": "EUR", "quote": CURRENCY, "rate_date": on,
         "rate": Decimal(rate)}
        for on, rate in EUR_RATES
    ]  # fmt: skip
    land(ledger, "fx_rate", *rates)
    facts: dict[str, list[dict[str, Any]]] = {}
    for case in cases:
        for entity, record in case.records():
            facts.setdefault(entity, []).append(record)
    for entity, records in facts.items():
        land(ledger, entity, *records)


def _inputs(cases: list[Case], parties: dict[str, str]) -> Inputs:
    limits, stops = [], []
    for case in cases:
        party = parties[case.record_id(next(iter(case.accounts)))]
        if given := case.told.get("approved"):
            row = {"party_id": party, "selling_company": "", "state": "amount",
                   "currency": CURRENCY, "source": "person", **given}  # fmt: skip
            amount = row.get("amount")
            row["amount"] = None if amount is None else Decimal(str(amount))
            limits.append({**dict.fromkeys(APPROVED_LIMIT_SCHEMA.names), **row})
        if code := case.told.get("hard_stop"):
            stops.append({"party_id": party, "code": code, "since": None})
    plain = Inputs(CURRENCY)
    return replace(
        plain,
        approved_limits=pa.Table.from_pylist(limits, schema=APPROVED_LIMIT_SCHEMA),
        hard_stops=pa.Table.from_pylist(stops, schema=plain.hard_stops.schema),
    )


def _answers(decided: Decided) -> dict[str, dict[str, Any]]:
    """By party: `figures` by selling company, `flags` with their severity, `buckets`,
    `not_assessed`."""
    found: dict[str, dict[str, Any]] = {}
    for name in ("metric", "decision"):
        for row in decided.tables[name].to_pylist():
            answer = found.setdefault(
                row["party_id"],
                {"figures": {}, "flags": {}, "buckets": {}, "not_assessed": set()},
            )
            answer["figures"].setdefault(row["selling_company"], {}).update(row)
    for row in decided.tables["flag"].to_pylist():
        if row["selling_company"] == "":
            found[row["party_id"]]["flags"][row["code"]] = row
    for row in decided.tables["breakdown"].to_pylist():
        if row["selling_company"] == "" and row["dimension"] == "ageing":
            found[row["party_id"]]["buckets"][row["member"]] = row["amount"]
    for row in decided.tables["points"].to_pylist():
        if row["selling_company"] == "" and row["points"] is None:
            found[row["party_id"]]["not_assessed"].add(row["characteristic"])
    return found


def check_order(order: dict[str, Any], answer: dict[str, Any], policy: PolicyDoc) -> dict[str, str]:
    """What becomes of one order of the customer: code of each reason and what it leads to."""
    decision = answer["figures"][""]
    amount, share = Decimal(str(order["amount"])), Decimal(str(order.get("prepaid", 0)))
    standing = Standing(0)
    if released := order.get("released"):
        until = order.get("released_until", AS_OF)
        at = datetime(2025, 6, 1, tzinfo=UTC)
        release = Release("", "", Decimal(released), CURRENCY, until, "ann", "agreed", at)
        standing = Standing(1, release=release)
    case = OrderCase(
        as_of=AS_OF, policy=policy, order_amount=amount, currency=CURRENCY,
        increment=measure_increment(amount, share, Decimal(0)), prepaid_share=share,
        shipped=order.get("shipped", False), decision=decision, standing=standing,
        flags=list(answer["flags"].values()), bounds=[Bound("limit", decision["available"])],
    )  # fmt: skip
    verdict, reasons = judge(case)
    return {"verdict": verdict, **{reason.code: reason.leads_to for reason in reasons}}
