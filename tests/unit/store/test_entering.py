"""Entered facts: revisions that only grow, and two people at the same fact."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from connector.errors import StateError
from connector.ports.entering import Entry
from connector.store.store import DjangoStore
from tests.unit.store.conftest import OpenStore
from tests.unit.store.samples import NOW

PROMISE = Entry("promise", {"amount": "100", "currency": "EUR", "promised_on": "2026-03-05"})


def test_a_fact_is_entered_changed_and_taken_back_and_nothing_is_lost(store: DjangoStore) -> None:
    (first,) = store.entering.enter([PROMISE], "ann", "phone call", NOW)
    assert (first.revision, first.who, first.why, first.withdrawn) == (
        1,
        "ann",
        "phone call",
        False,
    )
    changed = Entry("promise", {**PROMISE.values, "amount": "80"}, first.fact_id, 1)
    store.entering.enter([changed], "bob", "agreed again", NOW + timedelta(days=1))
    (held,) = store.entering.in_force("promise")
    assert (held.values["amount"], held.revision, held.who) == ("80", 2, "bob")
    gone = Entry("promise", held.values, first.fact_id, 2, withdrawn=True)
    store.entering.enter([gone], "ann", "paid", NOW + timedelta(days=2))
    assert store.entering.in_force() == []
    told = store.entering.history(first.fact_id)
    assert [(r.revision, r.values["amount"], r.withdrawn) for r in told] == [
        (1, "100", False), (2, "80", False), (3, "80", True),
    ]  # fmt: skip
    assert told[0] == first


def test_facts_come_in_the_order_in_which_they_were_entered(store: DjangoStore) -> None:
    entries = [Entry("dispute", {"number": str(n)}) for n in range(5)]
    made = store.entering.enter(entries, "ann", "list", NOW)
    again = Entry("dispute", {"number": "0"}, made[0].fact_id, 1)
    store.entering.enter([again], "ann", "list", NOW)
    assert [f.values["number"] for f in store.entering.in_force("dispute")] == list("01234")
    assert store.entering.in_force("promise") == []


@pytest.mark.parametrize("revision", [0, 2, 9])
def test_a_fact_that_moved_meanwhile_is_not_written_over(store: DjangoStore, revision: int) -> None:
    (first,) = store.entering.enter([PROMISE], "ann", "call", NOW)
    stale = Entry("promise", {"amount": "1"}, first.fact_id, revision)
    with pytest.raises(StateError, match="changed by somebody else"):
        store.entering.enter([PROMISE, stale], "bob", "call", NOW)
    assert len(store.entering.in_force()) == 1  # all or none


def test_an_unknown_fact_has_no_history_and_cannot_be_changed(store: DjangoStore) -> None:
    assert store.entering.history("promise-0") == []
    with pytest.raises(StateError, match="is not there"):
        store.entering.enter([Entry("promise", {}, "promise-0", 1)], "ann", "call", NOW)


def test_of_two_people_at_the_same_moment_one_is_told(
    store: DjangoStore, reopen: OpenStore
) -> None:
    (first,) = store.entering.enter([PROMISE], "ann", "call", NOW)
    ends: list[str] = []
    start = Barrier(2)

    def change(who: str) -> None:
        start.wait(10)
        entry = Entry("promise", {"amount": who}, first.fact_id, 1)
        try:
            store.entering.enter([entry], who, "call", NOW)
            ends.append("entered")
        except StateError:
            ends.append("told")
        finally:
            store.close()

    people = [Thread(target=change, args=(who,)) for who in ("1", "2")]
    for person in people:
        person.start()
    for person in people:
        person.join(30)
    assert sorted(ends) == ["entered", "told"]
    assert len(store.entering.history(first.fact_id)) == 2
