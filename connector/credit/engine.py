"""`decide`: facts, prior state and policy in, decisions with reasons out.

Pure: the same input gives identical tables, row order included. Nothing here reads a clock, and
nothing loops over parties; every stage is a table expression that is materialised once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from connector.credit import evidence, reasons, tables
from connector.credit.facts import Facts, Inputs, Stage, read_facts
from connector.credit.party import KEY, Book, build_book
from connector.credit.policy import PolicyDoc, policy_hash
from connector.credit.verdict import Verdict, judge
from connector.errors import PolicyError

ENGINE_VERSION = "1"
"""Part of every decision's digest; raised when the same facts would give other decisions."""


@dataclass(frozen=True)
class Coverage:
    """What the calculation could not use or had to derive, over all parties in scope."""

    parties: int
    rated: int
    unrated: int
    items_without_rate: int
    due_date_derived: int
    unapplied_receipts: int
    derived_matches: int


@dataclass(frozen=True)
class Decided:
    """The outcome: tables by name as in `domain.decision`, receivables per currency, coverage."""

    run_id: str
    as_of: date
    policy_hash: str
    tables: Mapping[str, pa.Table]
    receivables: pa.Table
    coverage: Coverage


def decide(
    connection: duckdb.DuckDBPyConnection,
    inputs: Inputs,
    policy: PolicyDoc,
    as_of: date,
    run_id: str,
) -> Decided:
    """Decide on every party in scope; PolicyError when policy and company currency differ."""
    if policy.currency and policy.currency != inputs.currency:
        raise PolicyError(
            "The policy is written in {policy}, the company's currency is {company}.",
            next_step="Set the policy's currency to null or to the company's.",
            policy=policy.currency,
            company=inputs.currency,
        )
    stage = Stage(connection, f"credit_{abs(hash(run_id)) % 10**8}")
    try:
        facts = read_facts(stage, inputs)
        book = build_book(stage, facts, policy, as_of, inputs.currency)
        verdict = judge(stage, facts, book, policy, as_of)
        return _put_out(stage, facts, book, verdict, policy, as_of, inputs.currency, run_id)
    finally:
        stage.drop()


def _put_out(
    stage: Stage, facts: Facts, book: Book, verdict: Verdict, policy: PolicyDoc, as_of: date,
    currency: str, run_id: str,
) -> Decided:  # fmt: skip
    seal = f"{policy_hash(policy)}/{ENGINE_VERSION}"
    stops = facts["hard_stop"]
    why = stage.keep("reasons", reasons.find_reasons(verdict, stops, policy, as_of))
    found = {
        "decision": tables.decision_rows(verdict, stops, policy, as_of, currency, seal).order_by(*KEY),
        "reason": why.order_by(*KEY, "rank"),
        "flag": verdict.flags.order_by(*KEY, "code"),
        "metric": reasons.find_metrics(verdict.parties),
        "points": reasons.find_points(verdict.parties, policy),
        "evidence": evidence.find_evidence(book, why, policy),
    }
    out = {name: tables.to_arrow(tables.shaped(table, name), name) for name, table in found.items()}
    rows = out["decision"]
    return Decided(
        run_id, as_of, policy_hash(policy), out, book.receivables.to_pyarrow(),
        count_coverage(book, rows),
    )  # fmt: skip


def count_coverage(book: Book, decisions: pa.Table) -> Coverage:
    """Figures of `Coverage` from the book and the decided rows."""
    t = book.parties
    t = t.filter(t.selling_company == "")
    sums = t.aggregate(
        parties=t.count(),
        without_rate=t.items_without_rate.sum().fill_null(0),
        derived=t.due_date_derived.sum().fill_null(0),
    )
    seen = book.seen
    guessed = seen.filter(seen.method.isin(["equal_amount", "oldest_first", "cleared"])).count()
    (row,) = sums.to_pyarrow().to_pylist()
    totals = decisions.filter(pa.compute.equal(decisions["selling_company"], ""))
    unrated = totals["grade"].null_count
    return Coverage(
        parties=row["parties"], rated=row["parties"] - unrated, unrated=unrated,
        items_without_rate=int(row["without_rate"]), due_date_derived=int(row["derived"]),
        unapplied_receipts=int(book.cash.count().to_pyarrow().as_py()),
        derived_matches=int(guessed.to_pyarrow().as_py()),
    )  # fmt: skip
