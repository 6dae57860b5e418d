"""A remedy applied to a copy of the facts gives exactly what it states."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pyarrow.compute as pc
import pytest

from connector.credit.engine import Decided, decide, open_items
from connector.credit.policy.document import PolicyDoc
from connector.credit.remedies.remedy import Remedy, apply_remedy
from tests.unit.credit.book import AS_OF, Book

SEEDS = (1, 2) if "CREDITFLAG_FULL_SWEEP" in os.environ else (1,)
"""`scripts/bench remedies` takes both books."""


def random_book(seed: int, parties: int = 40) -> Book:
    """Good and bad payers, part payments, disputes, limits, orders, two currencies."""
    chance = random.Random(seed)
    book = Book().rate("USD", "7.15")
    for number in range(parties):
        party = f"P{number:03}"
        book.party(party, terms_days=chance.choice([14, 30, 60, None]))
        lateness, scale = chance.choice([-3, 0, 5, 25, 70]), chance.choice([20, 500, 20000])
        for place in range(chance.randint(1, 25)):
            _trade(book, party, place, lateness, scale, chance)
        if chance.random() < 0.6:
            book.approve(party, amount=scale * chance.randint(1, 20))
        if chance.random() < 0.4:
            amount = scale * chance.randint(1, 3)
            book.add("order", party, state="open", amount=amount, uninvoiced=amount,
                     order_date=AS_OF - timedelta(5))  # fmt: skip
    return book


def _trade(
    book: Book, party: str, place: int, lateness: int, scale: int, chance: random.Random
) -> None:
    issued = AS_OF - timedelta(chance.randint(0, 300))
    due, amount = issued + timedelta(30), chance.randint(scale, 5 * scale)
    paid = due + timedelta(lateness + chance.randint(-5, 10))
    columns: dict[str, Any] = {"currency": chance.choice(["CNY", "CNY", "USD"])}
    invoice = f"{party}-{place}"
    if chance.random() < 0.1:
        columns["disputed"] = True
    kept = chance.random() < 0.3
    part = amount if chance.random() < 0.8 else amount // 2
    if kept:
        columns["open_amount"] = amount - part if paid <= AS_OF else amount
    book.add("invoice", party, id=invoice, number=invoice, amount=amount, invoice_date=issued,
             due_date=due, **columns)  # fmt: skip
    if paid <= AS_OF and chance.random() < 0.95:
        book.add("payment", party, amount=part, value_date=paid, currency=columns["currency"],
                 invoice_number=invoice if chance.random() < 0.6 else None)  # fmt: skip


def state(decided: Decided) -> dict[str, dict[str, Any]]:
    up: dict[str, list[str]] = defaultdict(list)
    for row in decided.tables["flag"].to_pylist():
        if row["selling_company"] == "":
            up[row["party_id"]].append(row["code"])
    return {
        row["party_id"]: {
            "score": None if row["score"] is None else f"{row['score']:.0f}",
            "grade": row["grade"],
            "hold": "true" if row["hold"] else "false",
            "colour": row["colour"],
            "flags": ";".join(sorted(up[row["party_id"]])),
        }
        for row in decided.tables["decision"].to_pylist()
        if row["selling_company"] == ""
    }


def remedies(decided: Decided) -> dict[str, list[tuple[dict[str, Any], Remedy]]]:
    found: dict[str, list[tuple[dict[str, Any], Remedy]]] = defaultdict(list)
    for row in decided.tables["reason"].to_pylist():
        remedy = Remedy.of_reason(row)
        if remedy and remedy.changes_facts:
            found[row["party_id"]].append((row, remedy))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_applied_to_a_copy_every_remedy_gives_what_it_states(policy: PolicyDoc, seed: int) -> None:
    """One remedy of every party at a time; in so small a book no share of the whole is judged."""
    parties = policy.concentration.min_names - 1
    decided = decide(*_of(random_book(seed, parties)), policy, AS_OF, "before")
    found = remedies(decided)
    assert sum(len(items) for items in found.values()) >= 20
    assert len({r.code for items in found.values() for _, r in items}) >= 3
    for turn in range(max(len(items) for items in found.values())):
        copy = random_book(seed, parties)
        inputs, stated = copy.inputs, {}
        items = open_items(copy.connection, inputs, policy, AS_OF)
        for party, listed in found.items():
            if turn < len(listed):
                row, remedy = listed[turn]
                own = items.filter(pc.equal(items["party_id"], party))
                inputs = apply_remedy(copy.connection, inputs, own, remedy, AS_OF)
                stated[party] = (row, remedy.params["result"])
        after = decide(copy.connection, inputs, policy, AS_OF, "after")
        reached, bins = state(after), _bins(after)
        for party, (row, result) in stated.items():
            got = {**reached[party], "bin": bins.get((party, row["code"]))}
            assert got == result, (party, row["code"])


def test_what_a_remedy_states_leaves_the_rest_of_the_book_as_it_is(policy: PolicyDoc) -> None:
    """In a large book the share of the whole is judged too, with what all others owe."""
    thorough = policy.model_copy(update={"remedies": 8})
    decided = decide(*_of(random_book(1)), thorough, AS_OF, "before")
    large = {
        row["party_id"] for row in decided.tables["flag"].to_pylist()
        if row["code"] == "concentration"
    }  # fmt: skip
    ways = [(p, way) for p, ways in remedies(decided).items() if p in large for way in ways]
    party, (row, remedy) = next(w for w in ways if w[1][0]["code"] == "concentration")
    assert "concentration" not in remedy.params["result"]["flags"].split(";")
    copy = random_book(1)
    items = open_items(copy.connection, copy.inputs, policy, AS_OF)
    own = items.filter(pc.equal(items["party_id"], party))
    inputs = apply_remedy(copy.connection, copy.inputs, own, remedy, AS_OF)
    after = decide(copy.connection, inputs, thorough, AS_OF, "after")
    got = {**state(after)[party], "bin": _bins(after).get((party, row["code"]))}
    assert got == remedy.params["result"]


def test_each_kind_of_remedy_helps_where_it_belongs(policy: PolicyDoc) -> None:
    """One party each that has to pay, to pay on account, to get a limit, to settle disputes."""
    book, issued = Book(), AS_OF - timedelta(20)
    old = {"invoice_date": AS_OF - timedelta(100), "due_date": AS_OF - timedelta(70)}
    book.party("PAY").add("invoice", "PAY", amount=500, **old)
    book.add("invoice", "PAY", amount=900, invoice_date=issued, due_date=AS_OF + timedelta(10))
    book.party("REDUCE").approve("REDUCE", amount=100)
    book.add("order", "REDUCE", state="open", amount=500, uninvoiced=500, order_date=issued)
    book.party("RAISE", customer_since=date(2020, 1, 1))
    for month in range(1, 6):
        paid = date(2025, month, 27)
        book.add("invoice", "RAISE", amount=100, invoice_date=date(2025, month, 1),
                 due_date=date(2025, month, 28), cleared_date=paid)  # fmt: skip
    book.add("invoice", "RAISE", amount=10, invoice_date=issued, due_date=AS_OF + timedelta(10))
    book.party("SETTLE").add("invoice", "SETTLE", amount=300, disputed=True, **old)
    book.add("invoice", "SETTLE", amount=900, invoice_date=issued, due_date=AS_OF + timedelta(10))
    decided = decide(*_of(book), policy, AS_OF, "run")
    codes = {party: {r.code for _, r in listed} for party, listed in remedies(decided).items()}
    assert "pay_items" in codes["PAY"]
    assert "reduce_exposure" in codes["REDUCE"]
    assert "raise_limit" in codes["RAISE"]
    assert "resolve_disputes" in codes["SETTLE"]


def _of(book: Book) -> tuple[Any, Any]:
    return book.connection, book.inputs


def _bins(decided: Decided) -> dict[tuple[str, str], str]:
    return {
        (row["party_id"], row["characteristic"]): row["bin"]
        for row in decided.tables["points"].to_pylist()
        if row["selling_company"] == ""
    }


def test_a_remedy_never_makes_things_worse(policy: PolicyDoc) -> None:
    decided = decide(*_of(random_book(3)), policy, AS_OF, "run")
    before = state(decided)
    for party, listed in remedies(decided).items():
        for _, remedy in listed:
            was, gets = before[party]["score"], remedy.params["result"]["score"]
            assert was is None or int(gets) >= int(was)
