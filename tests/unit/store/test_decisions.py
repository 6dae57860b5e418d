"""Decisions: staged invisibly, in force at once, only what changed, and never half."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import StateError
from connector.ports.store import PRIOR_FLAG_SCHEMA, PRIOR_SCHEMA, Fence
from connector.store import staging
from connector.store.models import Decision, DecisionFlag
from connector.store.payloads import KEY, SCHEMAS, PayloadWriter, read_payloads, typed
from connector.store.store import DjangoStore
from tests.unit.store.conftest import OpenStore
from tests.unit.store.samples import (
    NOW,
    TODAY,
    decision,
    decisions,
    flag,
    plan,
    reason,
    tables,
    update,
)

BASIS = {"as_of": "2026-03-01", "policy_hash": "policy", "scope_hash": "scope"}


def grades(store: DjangoStore) -> dict[str, str | None]:
    rows = store.prior_decisions().to_pylist()
    return {row["party_id"]: row["grade"] for row in rows}


def test_before_the_first_run_everything_is_empty(store: DjangoStore) -> None:
    assert store.decided_through() == 0
    assert store.decided_basis() == {}
    assert store.prior_decisions().schema == PRIOR_SCHEMA
    assert store.prior_flags().schema == PRIOR_FLAG_SCHEMA
    assert {name: len(table) for name, table in store.decision_tables().items()} == dict.fromkeys(
        SCHEMAS, 0
    )


def test_staged_decisions_stay_invisible_until_the_run_commits(
    store: DjangoStore, fence: Fence
) -> None:
    staged = decisions("r1", decision("p1", grade="A"), flags=[flag("p1")])
    assert store.stage_decisions(staged, fence) == 1
    assert len(store.prior_decisions()) == 0
    assert len(store.prior_flags()) == 0
    assert store.decided_through() == 0
    store.commit_run("r1", 7, BASIS, [plan("r1", update("1", "B"))], fence)
    assert grades(store) == {"p1": "A"}
    assert store.prior_flags().to_pylist() == [
        {"party_id": "p1", "selling_company": "", "code": "overdue", "severity": 2, "since": TODAY}
    ]
    assert store.decided_through() == 7
    assert store.decided_basis() == BASIS
    assert [change.record_id for change in store.open_changes("crm")] == ["1"]


def test_decision_tables_come_back_as_they_were(store: DjangoStore, fence: Fence) -> None:
    rows = [
        decision("p2", seller="s1", score=Decimal("61.5000"), next_review=TODAY, hold=True),
        decision("p1", score=None, utilisation=Decimal("0.0000000001")),
        decision("p2", score=Decimal("-0.0001")),
    ]
    reasons = [
        reason("p1", 2, value='"quoted" \\ and\nbroken\x00 客户', points=Decimal("-3.5000")),
        reason("p1", 1),
        reason("p2", 1, selling_company="s1", remedy="pay"),
        reason("stranger", 1),
    ]
    given_set = decisions("r1", *rows, reasons=reasons, flags=[flag("p2", amount=Decimal("1"))])
    store.stage_decisions(given_set, fence)
    store.commit_run("r1", 1, BASIS, [], fence)
    found = store.decision_tables()
    by_key = [(column, "ascending") for column in KEY]
    assert found["decision"].equals(given_set.tables["decision"].sort_by(by_key))
    assert found["reason"].equals(given_set.tables["reason"].slice(0, 3))
    assert found["flag"].equals(given_set.tables["flag"])
    only = store.decision_tables("p2")
    assert only["decision"]["selling_company"].to_pylist() == ["", "s1"]
    assert only["reason"]["party_id"].to_pylist() == ["p2"]
    assert len(store.decision_tables("nobody")["decision"]) == 0
    some = store.decision_tables("p2", ("decision", "flag"))
    assert {name: table.to_pylist() for name, table in some.items()} == {
        name: only[name].to_pylist() for name in ("decision", "flag")
    }
    assert list(store.decision_tables("nobody", ("flag",))) == ["flag"]


def test_amounts_keep_all_eighteen_digits(store: DjangoStore, fence: Fence) -> None:
    largest = Decimal("99999999999999.9999")
    store.stage_decisions(decisions("r1", decision("p1", proposed_amount=largest)), fence)
    store.commit_run("r1", 1, BASIS, [], fence)
    assert store.prior_decisions()["proposed_amount"].to_pylist() == [largest]
    assert Decision.objects.using(store.alias).get().proposed_amount == largest


def test_only_changed_parties_are_written(store: DjangoStore, fence: Fence) -> None:
    first = [decision("p1", "a"), decision("p2", "a"), decision("p3", "a")]
    assert store.stage_decisions(decisions("r1", *first), fence) == 3
    store.commit_run("r1", 1, BASIS, [], fence)
    assert store.stage_decisions(decisions("r2", *first), fence) == 0
    store.commit_run("r2", 2, BASIS, [], fence)
    second = [decision("p1", "a"), decision("p2", "b"), decision("p3", "a"), decision("p4", "a")]
    assert store.stage_decisions(decisions("r3", *second), fence) == 2
    store.commit_run("r3", 3, BASIS, [], fence)
    assert sorted(Decision.objects.using(store.alias).values_list("party_id", "number")) == [
        ("p1", 1), ("p2", 1), ("p2", 3), ("p3", 1), ("p4", 3),
    ]  # fmt: skip
    assert len(store.prior_decisions()) == 4
    store.stage_decisions(decisions("r4", *second), fence)
    assert Decision.objects.using(store.alias).count() == 4


def test_a_party_with_another_set_of_selling_companies_has_changed(
    store: DjangoStore, fence: Fence
) -> None:
    store.stage_decisions(decisions("r1", decision("p1"), decision("p1", seller="s1")), fence)
    store.commit_run("r1", 1, BASIS, [], fence)
    assert store.stage_decisions(decisions("r2", decision("p1")), fence) == 1
    store.commit_run("r2", 2, BASIS, [], fence)
    assert store.prior_decisions()["selling_company"].to_pylist() == [""]


def test_a_party_that_left_the_scope_is_gone_and_may_come_back(
    store: DjangoStore, fence: Fence
) -> None:
    both = [decision("p1"), decision("p2")]
    store.stage_decisions(decisions("r1", *both, flags=[flag("p2")]), fence)
    store.commit_run("r1", 1, BASIS, [], fence)
    assert store.stage_decisions(decisions("r2", decision("p1")), fence) == 1
    assert len(store.prior_decisions()) == 2
    store.commit_run("r2", 2, BASIS, [], fence)
    assert list(grades(store)) == ["p1"]
    assert len(store.prior_flags()) == 0
    assert store.stage_decisions(decisions("r3", *both), fence) == 1
    assert list(grades(store)) == ["p1"]
    store.commit_run("r3", 3, BASIS, [], fence)
    assert sorted(grades(store)) == ["p1", "p2"]
    assert DecisionFlag.objects.using(store.alias).count() == 0


def test_a_recompute_of_some_parties_takes_nobody_else_out_of_scope(
    store: DjangoStore, fence: Fence
) -> None:
    store.stage_decisions(decisions("r1", decision("p1"), decision("p2"), decision("p3")), fence)
    store.commit_run("r1", 1, BASIS, [], fence)
    some = decisions("r2", decision("p2", "h2", grade="D"), among=["p2", "p3", "p4"])
    assert store.stage_decisions(some, fence) == 2
    store.commit_run("r2", 2, BASIS, [], fence)
    assert grades(store) == {"p1": None, "p2": "D"}


def test_what_a_crash_left_staged_is_cleaned_up(
    reopen: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = reopen()
    fence = store.acquire_lease("run", "a:1:1", NOW, 60)
    store.stage_decisions(decisions("r1", decision("p1", grade="A")), fence)
    store.commit_run("r1", 1, BASIS, [], fence)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(staging, "_insert_flags", crash)
        with pytest.raises(KeyboardInterrupt):
            store.stage_decisions(
                decisions("r2", decision("p1", "h2", grade="B"), decision("p9")), fence
            )
    assert Decision.objects.using(store.alias).count() == 3
    with pytest.raises(StateError, match="run r2 were not stored completely"):
        store.commit_run("r2", 2, BASIS, [], fence)
    assert grades(store) == {"p1": "A"}
    assert store.decided_through() == 1
    again = reopen()
    again.stage_decisions(decisions("r3", decision("p1", "h3", grade="C")), fence)
    again.commit_run("r3", 2, BASIS, [], fence)
    assert grades(again) == {"p1": "C"}


def test_a_commit_that_fails_leaves_everything_as_it_was(
    store: DjangoStore, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.stage_decisions(decisions("r1", decision("p1")), fence)
    from connector.store import plans

    def fail(*_: object) -> None:
        raise RuntimeError("in the middle")

    with monkeypatch.context() as patch:
        patch.setattr(plans, "append", fail)
        with pytest.raises(RuntimeError, match="in the middle"):
            store.commit_run("r1", 9, BASIS, [plan("r1", update("1", "B"))], fence)
    assert store.decided_through() == 0
    assert len(store.prior_decisions()) == 0
    assert not store.open_changes("crm")
    store.commit_run("r1", 9, BASIS, [plan("r1", update("1", "B"))], fence)
    assert store.decided_through() == 9
    assert len(store.open_changes("crm")) == 1


def test_more_rows_than_one_commit_takes(
    store: DjangoStore, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MAX_COMMIT_ROWS", 3)
    names = [f"p{number}" for number in range(8)]
    first = decisions("r1", *map(decision, names), flags=[flag(n) for n in names])
    assert store.stage_decisions(first, fence) == 8
    store.commit_run("r1", 1, BASIS, [], fence)
    rest = decisions("r2", *(decision(n, "h2") for n in names[:4]), reasons=[reason("p2", 1)])
    assert store.stage_decisions(rest, fence) == 8
    store.commit_run("r2", 2, BASIS, [], fence)
    assert sorted(grades(store)) == names[:4]
    assert store.decision_tables()["reason"]["party_id"].to_pylist() == ["p2"]
    store.stage_decisions(rest, fence)
    assert Decision.objects.using(store.alias).count() == 4


def test_a_text_of_an_older_version_is_filled_with_nulls() -> None:
    old = '{"reason":{"rank":[1,2],"code":["a","b"]}}'
    found = read_payloads([("p1", "", old), ("p2", "", "{}")])["reason"]
    assert found["party_id"].to_pylist() == ["p1", "p1"]
    assert found["rank"].to_pylist() == [1, 2]
    assert found["remedy"].to_pylist() == [None, None]
    mixed = read_payloads([("p1", "", old), ("p2", "", '{"reason":{"rank":[1],"remedy":["x"]}}')])
    assert mixed["reason"]["remedy"].to_pylist() == [None, None, "x"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
            st.none() | st.decimals(-(10**13), 10**13, places=4),
        ),
        max_size=12,
    )
)
def test_any_long_table_survives_its_text(rows: list[tuple[str, str, Decimal | None]]) -> None:
    long = [
        reason(party, rank, value=text, points=points)
        for rank, (party, text, points) in enumerate(rows)
    ]
    found = typed(tables(decision=[decision("a"), decision("c")], reason=long))
    texts = PayloadWriter(found).texts(0, 2)
    back = read_payloads([("a", "", texts[0]), ("c", "", texts[1])])
    expected = [row for row in long if row["party_id"] != "b"]
    expected.sort(key=lambda row: str(row["party_id"]))
    assert back["reason"].equals(tables(reason=expected)["reason"])
    assert back["decision"].equals(found["decision"])
