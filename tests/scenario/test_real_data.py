"""The main job on public receivables, against an independent computation: a date of each set here,
three in `scripts/bench real`."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connector.credit.decision.scorecard import bin_labels
from connector.credit.engine import decide
from connector.credit.facts import Inputs
from connector.credit.remedies.remedy import Remedy, apply_remedy
from connector.domain.change import Owner
from connector.domain.entities import Kind
from connector.domain.values import canonical
from tests.scenario import oracle
from tests.scenario.limit_oracle import issued, propose, yearly_sales
from tests.scenario.real_sets import (
    OTHER_GRADE,
    OTHER_STATE,
    TYPED_LIMIT,
    Played,
    load_facts,
    open_items,
    play,
)

pytestmark = [pytest.mark.slow, pytest.mark.real_data]

FULL = "CREDITFLAG_FULL_SWEEP" in os.environ
"""`scripts/bench real` sets it: every day of the sets."""

SCENES = (
    ("ibm-late-payment", date(2012, 9, 4)),
    ("highradius-b2b", date(2020, 3, 15)),
    *(
        (
            ("ibm-late-payment", date(2013, 1, 30)),
            ("ibm-late-payment", date(2013, 6, 22)),
            ("highradius-b2b", date(2019, 6, 30)),
            ("highradius-b2b", date(2020, 4, 30)),
        )
        if FULL
        else ()
    ),
)
AGE_COLUMNS = dict(
    zip(
        oracle.BUCKETS,
        ("age_current", "age_1_30", "age_31_60", "age_61_90", "age_91_120", "age_over_120"),
        strict=True,
    )
)
CENT = Decimal("0.01")


@pytest.fixture(scope="module", params=SCENES, ids=lambda scene: f"{scene[0]}-{scene[1]}")
def played(
    request: pytest.FixtureRequest, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Played:
    dataset, as_of = request.param
    if not (real_data / dataset).is_dir():
        pytest.skip(f"no real data: {real_data / dataset} is no folder")
    return play(dataset, as_of, real_data, tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="module")
def items(played: Played, real_data: Path) -> list[oracle.Item]:
    return oracle.read_items(real_data, played.dataset)


def receivables(played: Played) -> list[dict[str, Any]]:
    assert played.first.report.decided is not None
    table = played.first.report.decided.receivables
    assert table is not None
    return list(table.to_pylist())


def test_receivables_per_currency_equal_the_raw_files(
    played: Played, items: list[oracle.Item]
) -> None:
    expected = oracle.figures_by_currency(items, played.as_of)
    assert expected
    for currency, figures in expected.items():
        rows = [row for row in receivables(played) if row["currency"] == currency]
        assert sum(row["open"] for row in rows) == figures.open
        assert sum(row["overdue"] for row in rows) == figures.overdue
        for bucket, column in AGE_COLUMNS.items():
            assert sum(row[column] for row in rows) == figures.buckets[bucket], bucket
    assert {row["currency"] for row in receivables(played)} == set(expected)


def test_receivables_of_each_customer_equal_the_raw_files(
    played: Played, items: list[oracle.Item]
) -> None:
    expected = oracle.figures_by_customer(items, played.as_of)
    found = {
        (row["currency"], played.customer_of[row["party_id"]]): row for row in receivables(played)
    }
    assert set(found) == set(expected)
    for key, figures in expected.items():
        row = found[key]
        assert (row["open"], row["overdue"]) == (figures.open, figures.overdue), key
        assert {b: row[c] for b, c in AGE_COLUMNS.items()} == figures.buckets, key
    for (_, customer), figures in expected.items():
        decision = played.first.decisions[played.party_of[customer]]
        assert decision["oldest_due_date"] == figures.oldest_due, customer


def test_nothing_was_quarantined_and_no_document_is_without_a_party(played: Played) -> None:
    report = played.first.report
    assert report.problems == 0
    assert report.linked is not None
    assert not report.linked.unlinked
    assert report.decided is not None


def test_every_customer_in_scope_has_a_decision_with_reasons(
    played: Played, items: list[oracle.Item]
) -> None:
    customers = {item.customer for item in items if issued(item) <= played.as_of}
    expected = {played.party_of[customer] for customer in customers}
    assert set(played.first.decisions) == expected
    reasons = played.first.long("reason")
    assert {party for party in expected if not reasons.get(party)} == set()


def test_the_decisions_stand_in_the_accounts(played: Played) -> None:
    flags = played.first.long("flag")
    for party, decision in played.first.decisions.items():
        record = played.first.accounts[played.customer_of[party]]
        codes = ";".join(sorted(flag["code"] for flag in flags.get(party, [])))
        score = decision["score"]
        assert record.get("Credit_Score__c") == (None if score is None else float(score))
        assert record.get("Credit_Grade__c") == decision["grade"]
        assert record["Credit_Light__c"] == decision["colour"]
        assert record["Credit_Hold__c"] is decision["hold"]
        assert (record.get("Credit_Flags__c") or "") == codes
        assert record["Credit_Limit_State__c"] == decision["approved_state"]
        for name, column in (
            ("Credit_Exposure__c", "net_exposure"),
            ("Credit_Overdue__c", "overdue"),
            ("Credit_Limit__c", "approved_amount"),
            ("Credit_Available__c", "available"),
        ):
            assert _cents(record.get(name)) == _cents(decision[column]), (party, name)
        for name, column in (
            ("Credit_Oldest_Due__c", "oldest_due_date"),
            ("Credit_Next_Review__c", "next_review"),
        ):
            assert record.get(name) == _text(decision[column])
        assert record["Credit_Reason_Text__c"]
        top = played.first.long("reason")[party][0]["code"]
        assert top in {reason["code"] for reason in json.loads(record["Credit_Reasons__c"])}


def _cents(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(CENT, ROUND_HALF_UP)


def _text(value: date | None) -> str | None:
    return value.isoformat() if value else None


def test_accounts_out_of_scope_are_left_alone(played: Played) -> None:
    decided = {played.customer_of[party] for party in played.first.decisions}
    others = set(played.first.accounts) - decided
    written = played.first.written_accounts()
    assert not {c for c in others if played.first.accounts[c]["Id"] in written}


def test_a_second_run_makes_no_write_call(played: Played) -> None:
    assert played.first.write_calls > 0
    assert played.second.write_calls == 0
    assert played.second.effects == []
    assert not any(plan.to_write for plan in played.second.report.plans)
    assert played.second.report.exit_code == 0


def test_the_next_day_writes_only_where_something_was_crossed(played: Played) -> None:
    before, after = _standing(played, "first"), _standing(played, "next_day")
    shown = {party for party in before if before[party] != after[party]}
    crossed = shown | {party for party in before if _band_moved(played, party)}
    written = played.next_day.written_accounts()
    parties = {played.party_of[c]: r["Id"] for c, r in played.next_day.accounts.items()}
    quiet = {party for party, record in parties.items() if record in written} - crossed
    assert quiet == {party for party in quiet if _amount_moved(played, party)}
    assert {party for party in shown if parties[party] not in written} == set()
    (plan,) = played.next_day.report.plans
    updates = [c for c in plan.to_write if c.object_name == "Account"]
    assert len(updates) == len(written)
    assert all(any(f.cause for f in change.fields) for change in updates)
    print(f"{played.dataset} {played.as_of}: {len(written)} accounts written the next day, "
          f"{len(quiet)} of them for an amount beyond the tolerance")  # fmt: skip


def _standing(played: Played, phase: str) -> dict[str, tuple[object, ...]]:
    """What a person sees of each decision that is not an amount."""
    found = getattr(played, phase)
    flags = found.long("flag")
    return {
        party: (
            d["score"], d["grade"], d["colour"], d["hold"], d["approved_state"],
            d["oldest_due_date"], d["next_review"],
            d["allowed_terms_days"], d["action"], d["action_due"],
            tuple(sorted(f["code"] for f in flags.get(party, []))),
        )
        for party, d in found.decisions.items()
    }  # fmt: skip


def _band_moved(played: Played, party: str) -> bool:
    """Whether a threshold of utilisation or overdue ratio was crossed."""
    old, new = played.first.decisions[party], played.next_day.decisions[party]
    return bool(old["band"] != new["band"])


def _amount_moved(played: Played, party: str) -> bool:
    """Whether an amount that is written by itself moved beyond the policy's tolerance."""
    old, new = played.first.decisions[party], played.next_day.decisions[party]
    for column in ("proposed_amount", "net_exposure", "available"):
        was, now = old[column], new[column]
        if was is None or now is None:
            if was != now:
                return True
            continue
        share = played.policy.write.tolerance_pct * abs(was)
        if abs(now - was) > max(share, played.policy.write.tolerance_min):
            return True
    return False


def test_a_hand_edit_is_a_conflict(played: Played) -> None:
    (plan,) = played.edited.report.plans
    conflicts = {(c.record_id, f.credit_field): f for c in plan.changes for f in c.conflicts}
    assert set(conflicts) == {
        (played.edited_grade, "grade"),
        (played.edited_state, "limit_state"),
        (played.typed_limit, "limit"),
    }
    grade = conflicts[played.edited_grade, "grade"]
    assert (grade.owner, grade.theirs) == (Owner.OURS, OTHER_GRADE)
    state = conflicts[played.edited_state, "limit_state"]
    assert (state.owner, state.theirs, state.ours) == (Owner.ASK, OTHER_STATE, "none")
    records = {record["Id"]: record for record in played.edited.accounts.values()}
    assert records[played.edited_grade].get("Credit_Grade__c") == grade.ours
    assert records[played.edited_state]["Credit_Limit_State__c"] == OTHER_STATE


def test_nobody_raises_a_limit_by_typing_it(played: Played) -> None:
    record = next(r for r in played.edited.accounts.values() if r["Id"] == played.typed_limit)
    assert record["Credit_Limit__c"] == TYPED_LIMIT
    decision = played.edited.decisions[played.party_of[record["AccountNumber"]]]
    assert (decision["approved_state"], decision["approved_source"]) == ("none", None)
    assert played.edited.written_accounts() == {played.edited_grade}


def test_points_add_up_to_the_score(played: Played) -> None:
    points = played.first.long("points")
    rated = 0
    for party, decision in played.first.decisions.items():
        if decision["score"] is not None:
            rated += 1
            received = [row["points"] for row in points[party] if row["points"] is not None]
            assert sum(received) == decision["score"], party
    assert rated > len(played.first.decisions) / 2


def test_a_characteristic_in_its_best_bin_is_no_reason(played: Played) -> None:
    best = {
        line.id: bin_labels(line)[line.bins.index(max(line.bins, key=lambda item: item.points))]
        for line in played.policy.scorecard.characteristics
    }
    points = played.first.long("points")
    for party, rows in played.first.long("reason").items():
        hit = {row["characteristic"]: row["bin"] for row in points[party]}
        lost = [row["code"] for row in rows if row["source"] == "characteristic"]
        assert not [code for code in lost if code in best and hit[code] == best[code]], party


def test_grades_and_reasons_have_variety(played: Played) -> None:
    grades = Counter(d["grade"] for d in played.first.decisions.values() if d["grade"])
    codes = {row["code"] for rows in played.first.long("reason").values() for row in rows}
    print(f"{played.dataset} {played.as_of}: {dict(grades)}, {len(codes)} reason codes")
    assert len(grades) >= 3
    assert len(codes) >= 5


def test_the_named_cap_is_the_binding_minimum(played: Played, items: list[oracle.Item]) -> None:
    known: dict[str, list[oracle.Item]] = {}
    for item in items:
        if issued(item) <= played.as_of:
            known.setdefault(item.customer, []).append(item)
    portfolio = sum((yearly_sales(own, played.as_of) for own in known.values()), Decimal(0))
    reasons = played.first.long("reason")
    checked = 0
    for party, decision in played.first.decisions.items():
        if decision["proposed_state"] != "amount":
            continue
        customer = played.customer_of[party]
        terms = int(played.first.accounts[customer]["Payment_Terms_Days__c"])
        expected = propose(
            known[customer], played.as_of, decision["grade"], terms, portfolio,
            played.policy.limit,
        )  # fmt: skip
        named = decision["binding_cap"]
        assert expected.candidates[named] <= expected.least + CENT, (customer, expected)
        low = expected.least - expected.step - CENT
        assert low < decision["proposed_amount"] <= expected.least + CENT, (customer, expected)
        assert decision["proposed_amount"] % expected.step == 0
        assert f"limit_{named}" in {row["code"] for row in reasons[party]}
        checked += 1
    assert checked >= 10


def test_the_remedies_of_twenty_decisions_give_what_they_state(played: Played) -> None:
    """Twenty customers follow one remedy each in a copy of the facts, and are decided again."""
    offered: dict[str, list[Remedy]] = {}
    for party, rows in played.first.long("reason").items():
        found = [Remedy.of_reason(row) for row in rows]
        if usable := [remedy for remedy in found if remedy and remedy.changes_facts]:
            offered[party] = usable
    chance = random.Random(20)
    sample = chance.sample(sorted(offered), min(20, len(offered)))
    assert len(sample) == 20 or len(sample) == len(offered) >= 5
    chosen = {party: chance.choice(offered[party]) for party in sample}
    inputs = Inputs(currency="USD")
    with duckdb.connect(config={"threads": 1}) as copy:
        load_facts(copy, played.facts)
        for party, remedy in chosen.items():
            inputs = apply_remedy(copy, inputs, open_items(copy, party), remedy, played.as_of)
        again = decide(copy, inputs, played.policy, played.as_of, "remedies")
    rows = [row for row in again.tables["decision"].to_pylist() if row["selling_company"] == ""]
    decisions = {row["party_id"]: row for row in rows}
    flags: dict[str, list[str]] = {}
    for flag in again.tables["flag"].to_pylist():
        if flag["selling_company"] == "":
            flags.setdefault(flag["party_id"], []).append(flag["code"])
    for party, remedy in chosen.items():
        stated, found_now = remedy.params["result"], decisions[party]
        assert stated["score"] == canonical(found_now["score"], Kind.QUANTITY), remedy
        assert stated["grade"] == found_now["grade"], remedy
        assert stated["hold"] == canonical(found_now["hold"], Kind.FLAG), remedy
        assert stated["colour"] == found_now["colour"], remedy
        assert stated["flags"] == ";".join(sorted(flags.get(party, []))), remedy
    print(f"{played.dataset} {played.as_of}: {Counter(r.code for r in chosen.values())} remedies")
