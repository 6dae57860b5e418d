"""A second run of the day decides on those alone whose facts changed, and leaves what a run on all
would leave. The engine is small; that the real one decides alike on a part is tested with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from connector.credit.facts import Inputs
from connector.credit.policy.document import PolicyDoc, shipped_policy
from connector.credit.policy.lint import load_policy
from connector.ports.store import APPROVED_LIMIT_SCHEMA
from connector.service.summary import summarise_run
from connector.sync import decide as deciding
from connector.sync.apply import apply_plan
from connector.sync.plan_file import read_plan
from connector.sync.run import RunReport, Way, decide_and_plan, take_in, write_back
from connector.testing.builders import invoice_values
from tests.unit.ledger.batches import land
from tests.unit.sync import small_engine
from tests.unit.sync.workplace import Workplace

PARTIES = 16
POLICY = load_policy(shipped_policy("standard"), "standard")


@dataclass
class Company:
    """A place with sixteen customers; each run is checked against deciding on everybody."""

    place: Workplace
    policy: PolicyDoc = POLICY
    given: list[tuple[Inputs, pa.Table | None]] = field(default_factory=list)

    def decide(self, *given: Any, **more: Any) -> small_engine.SmallDecided:
        """The small engine; what it was given is kept for `check`."""
        self.given.append((given[1], more["among"]))
        return small_engine.decide(*given, **more)

    def run(self) -> int | None:
        """A whole run; how many were decided on, None for all."""
        place = self.place
        place.clock.move(seconds=60)
        place.reconnect()
        desk = place.desk()
        way = Way([place.connection], self.policy, place.folder / "plans", place.folder / "shots")
        report = RunReport(desk.run_id, desk.as_of.isoformat())
        take_in(desk, way, report)
        decide_and_plan(desk, way, report)
        write_back(desk, way, report)
        for path in report.plan_files.values():
            apply_plan(place.desk(), place.connection, read_plan(path))
        assert report.decided is not None
        self.check(report.decided)
        assert summarise_run(report)["decided_on"] == report.decided.among
        return report.decided.among

    def check(self, decided: deciding.Decided) -> None:
        """The store, the tables of the plan and the CRM say what a decision on all says."""
        place = self.place
        inputs = Inputs("EUR", approved_limits=place.store.approved_limits(),
                        prior_flags=place.store.prior_flags())  # fmt: skip
        whole = small_engine.decide(
            place.ledger.connection, inputs, self.policy, place.today, "whole"
        ).tables
        for found in (place.store.decision_tables(), decided.tables):
            for name in ("decision", "flag"):
                assert said(found[name]) == said(whole[name]), name
        parties = decided.tables["wording"]["party_id"].to_pylist()
        assert len(parties) == len(set(parties))
        owed = {r["party_id"]: r["net_exposure"] for r in whole["decision"].to_pylist()}
        inputs, among = self.given[-1]
        inside = owed.keys() if among is None else among["party_id"].to_pylist()
        rest = [amount for party, amount in owed.items() if party not in inside]
        assert inputs.rest.owed == sum(rest)
        assert inputs.rest.names == len([amount for amount in rest if amount > 0])
        kept = place.ledger.query("SELECT party_id, net_exposure FROM exposure_kept").to_pylist()
        assert {row["party_id"]: row["net_exposure"] for row in kept} == owed
        accounts = place.ledger.query("SELECT account_id, party_id FROM account_party").to_pylist()
        for row in accounts:
            (shown,) = place.held(row["account_id"], "Exposure")
            assert Decimal(str(shown or 0)) == owed.get(row["party_id"], Decimal(0))

    def invoice(self, n: int) -> str:
        return sorted(self.place.crm.records("Invoice"))[n]

    def pay(self, n: int) -> None:
        self.place.crm.edit("Invoice", self.invoice(n), {"Open": Decimal(0)})


def said(table: pa.Table) -> list[str]:
    left_out = {"as_of", "value", "threshold", "amount"}
    return sorted(
        str({k: v for k, v in row.items() if k not in left_out}) for row in table.to_pylist()
    )


@pytest.fixture
def company(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Everybody was decided on with the prior state that stands now."""
    quiet = POLICY.model_copy(
        update={"write": POLICY.write.model_copy(
            update={"tolerance_pct": Decimal(0), "tolerance_min": Decimal(0)})}
    )  # fmt: skip
    made = Company(place, quiet)
    monkeypatch.setattr(deciding, "decide", made.decide)
    for n in range(PARTIES):
        account = place.crm.add("Account", {"Name": f"Customer {n}", "Terms": Decimal(30)})
        for k in (0, 1):
            place.crm.add("Invoice", invoice_values(account, f"R-{n}-{k}", 700 + 100 * n + k))
    assert made.run() is None
    place.crm.edit("Account", min(place.crm.records("Account")), {"Name": "Renamed"})
    assert made.run() is None, "the first run left everybody another prior state"
    return made


def test_one_payment_concerns_one_party(company: Company) -> None:
    company.pay(5)
    assert company.run() == 1
    assert company.run() is None, "nothing was computed"
    company.pay(7)
    company.pay(8)
    assert company.run() in (2, 3), "who was decided otherwise by the last run has another prior"


def test_a_deleted_invoice_concerns_one_party_also_when_nothing_is_left_of_it(
    company: Company,
) -> None:
    for invoice in (company.invoice(4), company.invoice(5)):
        company.place.crm.delete("Invoice", invoice)
    assert company.run() == 1


def test_an_invoice_that_moves_to_another_customer_concerns_both(company: Company) -> None:
    accounts = sorted(company.place.crm.records("Account"))
    company.place.crm.edit("Invoice", company.invoice(6), {"AccountId": accounts[9]})
    assert company.run() == 2


def test_two_accounts_that_become_one_party_concern_these(company: Company) -> None:
    accounts = sorted(company.place.crm.records("Account"))
    for account in accounts[2:4]:
        company.place.crm.edit("Account", account, {"Registration": "HRB 1001", "Country": "DE"})
    assert company.run() in (2, 3)
    company.place.crm.delete("Account", accounts[5], merged_into=accounts[6])
    company.run()


def test_a_new_customer_and_one_that_is_deleted_concern_themselves(company: Company) -> None:
    crm = company.place.crm
    account = crm.add("Account", {"Name": "New", "Terms": Decimal(30)})
    crm.add("Invoice", invoice_values(account, "R-new", 900))
    assert company.run() == 1
    crm.delete("Account", account)
    assert company.run() == 1


def test_a_limit_that_a_person_approves_concerns_its_party(company: Company) -> None:
    place = company.place
    party = place.ledger.query("SELECT min(party_id) AS id FROM party")["id"][0].as_py()
    row = {
        "party_id": party, "selling_company": "", "state": "amount", "amount": Decimal(9000),
        "currency": "EUR", "source": "person", "approver": "a person", "valid_from": place.today,
    }  # fmt: skip
    full = {name: row.get(name) for name in APPROVED_LIMIT_SCHEMA.names}
    limits = pa.Table.from_pylist([full], schema=APPROVED_LIMIT_SCHEMA)
    place.store.put_approved_limits(limits, place.fence)
    assert company.run() == 1


def test_who_only_changed_a_name_is_not_decided_on(company: Company) -> None:
    account = min(company.place.crm.records("Account"))
    company.place.crm.edit("Account", account, {"Name": "Renamed again"})
    assert company.run() == 0


def test_many_at_once_are_all(company: Company) -> None:
    for n in range(0, 10, 2):
        company.pay(n)
    assert company.run() is None


def test_rates_house_day_and_policy_concern_all(company: Company) -> None:
    """Goes red when a change of what all decisions rest on is taken for nobody's."""
    place = company.place
    company.pay(5)
    land(place.ledger, "fx_rate", {"id": "N", "currency": "USD", "rate": Decimal("0.9"),
                                   "rate_date": place.today})  # fmt: skip
    assert company.run() is None
    company.pay(6)
    place.house = replace(place.house, order_months=6)
    assert company.run() is None
    company.pay(7)
    place.clock.move(days=1)
    assert company.run() is None
    company.pay(8)
    scale = company.policy.ageing.model_copy(update={"grace_days": 77})
    company.policy = company.policy.model_copy(update={"ageing": scale})
    assert company.run() is None
    company.pay(9)
    place.house = replace(place.house, language="zh")
    assert company.run() is None


def test_what_a_run_kept_that_did_not_end_is_not_used(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Goes red when figures of decisions that never came into force count as the rest's."""
    company.pay(5)
    with monkeypatch.context() as patch:
        patch.setattr(type(company.place.store), "stage_decisions", _stop)
        with pytest.raises(KeyboardInterrupt):
            company.run()
    assert company.run() is None
    company.pay(6)
    assert company.run() in (1, 2)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt
