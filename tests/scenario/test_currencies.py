"""An org with several currencies: what each account shows is in its own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from connector.demo.company import DemoSize
from connector.ledger import open_snapshot
from tests.scenario.world import World, build_world

RATES = {"EUR": Decimal("7.80"), "USD": Decimal("7.15"), "CNY": Decimal(1)}
"""The settings' rates: yuan for one unit."""

SCHEMA = {
    "currencies": {"CNY": 1, "EUR": 0.128, "USD": 0.14, "JPY": 21.0},
    "objects": [
        {"name": "Account", "fields": [{"name": "Credit_Currency__c", "type": "string",
                                        "length": 3}]}
    ],
}  # fmt: skip


def amounts(record: dict[str, Any]) -> dict[str, Decimal | None]:
    names = ("Credit_Exposure__c", "Proposed_Credit_Limit__c", "Credit_Overdue__c")
    return {n: None if record.get(n) is None else Decimal(str(record[n])) for n in names}


def exposures(world: World) -> dict[str, Decimal]:
    """Net exposure in yuan by account, as decided."""
    with open_snapshot(world.folder / ".creditflag" / "snapshots") as reader:
        rows = reader.query(
            "SELECT link.account_id, d.net_exposure FROM decision_history AS d "
            "JOIN account_party AS link USING (party_id) WHERE d.selling_company = ''"
        ).to_pylist()
    return {row["account_id"]: row["net_exposure"] for row in rows}


def settle(world: World) -> dict[str, Any]:
    """First contact: run, then apply the plan it wrote."""
    first = world.run()
    assert first.code == 5, first.err
    content: dict[str, Any] = first.json
    for plan in content["plan_files"].values():
        applied = world.call("apply", "--plan", plan)
        assert applied.code in (0, 1), applied.err
    return content


def test_every_account_shows_its_own_currency(tmp_path: Path) -> None:
    with build_world(tmp_path, DemoSize(accounts=30, months=6)) as world:
        control = world.emulator.control
        control.apply_schema(SCHEMA)
        yuan, euro, dollar, yen = world.customers()[:4]
        # The same facts for all four: what differs is the currency of the record alone.
        before = {i: control.record("Account", i) for i in (yuan, euro, dollar, yen)}
        for record, code in ((euro, "EUR"), (dollar, "USD"), (yen, "JPY")):
            control.edit("Account", record, {"CurrencyIsoCode": code})
        report = settle(world)
        shown = {i: control.record("Account", i) for i in (yuan, euro, dollar, yen)}
        owed = exposures(world)
        for record, code in ((yuan, "CNY"), (euro, "EUR"), (dollar, "USD")):
            assert shown[record]["Credit_Currency__c"] == code
            worth = owed[record] / RATES[code]
            assert worth > 0
            found = amounts(shown[record])["Credit_Exposure__c"]
            assert found is not None
            assert abs(found - worth) <= Decimal("0.01")

        assert amounts(shown[yen]) == amounts(before[yen])
        assert shown[yen]["Credit_Grade__c"]
        (plan,) = report["plans"]
        assert [row["record_id"] for row in plan["unwritable"]] == [yen]
        assert "JPY" in plan["unwritable"][0]["reason"]
