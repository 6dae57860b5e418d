"""`decide`: facts, prior state and policy in, decisions with reasons out.

Pure: the same input gives identical tables, row order included. Nothing here reads a clock, and
nothing loops over parties; every stage is a table expression that is materialised once.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from connector.credit import tables
from connector.credit.binding import bind, bind_worlds, empty_inputs, unbind
from connector.credit.decision.verdict import judge
from connector.credit.dialects import DUCKDB, PREFIX, Dialect
from connector.credit.expressions import union_all
from connector.credit.facts import Inputs, input_facts
from connector.credit.metrics.party import KEY, Book, build_book
from connector.credit.policy.document import PolicyDoc, policy_hash
from connector.credit.portfolio.concentration import find_concentration
from connector.credit.program import (
    Builder,
    Program,
    drop_stages,
    load_program,
    needed_for,
    run_statements,
    save_program,
    source_digest,
)
from connector.credit.reasons import evidence
from connector.credit.reasons import ranking as reasons
from connector.credit.remedies.remedy import answer_targets, worlds_result
from connector.credit.remedies.scenario import build_scenario
from connector.credit.remedies.targets import find_targets
from connector.domain.decision import DECISION_TABLES, TOTAL
from connector.domain.portfolio import PORTFOLIO_TABLES
from connector.errors import PolicyError
from connector.ports.facts import table_schema

ENGINE_VERSION = "2"
"""Part of every decision's digest; raised when the same facts would give other decisions."""

_KEPT_PROGRAMS = 8
_programs: dict[str, Program] = {}


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
    """The outcome: tables by name as in `domain.decision`, receivables per currency, coverage.

    `portfolio`: the whole book, tables by name as in `domain.portfolio`; none where only a part of
    it was decided on.
    """

    run_id: str
    as_of: date
    policy_hash: str
    tables: Mapping[str, pa.Table]
    receivables: pa.Table
    coverage: Coverage
    portfolio: Mapping[str, pa.Table]


def compile_program(
    policy: PolicyDoc, programs: Path | None = None, dialect: Dialect = DUCKDB
) -> Program:
    """The statements of a policy, compiled once; kept in the process and in the folder."""
    seal = f"{policy_hash(policy)}/{ENGINE_VERSION}"
    kept = f"{dialect.name}/{seal}"
    if kept not in _programs:
        key = f"{kept}/{source_digest()}"
        program = load_program(programs, key)
        if program is None:
            program = _compile_plainly(policy, seal, dialect)
            save_program(programs, key, program)
        if len(_programs) >= _KEPT_PROGRAMS:
            _programs.pop(next(iter(_programs)))
        _programs[kept] = program
    return _programs[kept]


def _compile_plainly(policy: PolicyDoc, seal: str, dialect: Dialect) -> Program:
    """Compile without merging nested selects: DuckDB flattens them itself, Ibis takes seconds.

    Expressions are millions of small objects that all live until the end; looking through them for
    garbage again and again would take as long as compiling.
    """
    fused, collecting = ibis.options.sql.fuse_selects, gc.isenabled()
    ibis.options.sql.fuse_selects = False
    gc.disable()
    try:
        return _compile(policy, seal, dialect)
    finally:
        ibis.options.sql.fuse_selects = fused
        if collecting:
            gc.enable()


def _compile(policy: PolicyDoc, seal: str, dialect: Dialect) -> Program:
    stage, facts = Builder(dialect), input_facts()
    book = build_book(stage, facts, policy)
    verdict = judge(stage, facts, book, policy)
    decided = len(stage.statements)
    found = stage.keep("found_reasons", reasons.find_reasons(verdict, policy))
    why = stage.keep("reasons", reasons.rank_reasons(found))
    shown = {
        "decision": tables.decision_rows(verdict, facts, policy, seal).order_by(*KEY),
        "flag": verdict.flags.order_by(*KEY, "code"),
        "metric": verdict.parties.order_by(*KEY),
        "breakdown": union_all(list(book.breakdowns.values())).order_by(
            *KEY, "dimension", "place", "member"
        ),
        "points": reasons.find_points(verdict.parties, policy),
        "evidence": evidence.find_evidence(book, why, policy),
    }
    out = {name: stage.keep(f"out_{name}", tables.shaped(t, name)) for name, t in shown.items()}
    stage.keep("out_coverage", coverage_row(book))
    receivables = book.receivables.order_by(*KEY, "currency")
    stage.keep("out_receivables", receivables)
    spread = find_concentration(stage, verdict.parties, book.breakdowns, policy.concentration)
    for name, table in spread.items():
        stage.keep(f"out_{name}", tables.shaped(table, name))
    put_out = len(stage.statements)
    targets = stage.keep("targets", find_targets(verdict, why, book, policy, facts))
    scene = build_scenario(stage, facts, book, targets, verdict.portfolio)
    imagined = len(stage.statements)
    results = worlds_result(verdict, policy)
    before = out["decision"].filter(out["decision"].selling_company == TOTAL)
    answers = stage.keep("answers", answer_targets(
        targets, scene.paid, results, before, out["flag"], policy, facts))  # fmt: skip
    stage.keep("out_reason", tables.shaped(_with_remedies(why, answers), "reason"))
    parts = stage.statements
    return Program(
        tuple(parts[:decided]), tuple(parts[decided:put_out]), tuple(parts[put_out:imagined]),
        tuple(parts[imagined:]),
    )  # fmt: skip


def _with_remedies(why: ir.Table, answers: ir.Table) -> ir.Table:
    whole = answers.mutate(selling_company=ibis.literal(TOTAL))
    t = why.left_join(whole, [*KEY, "rank"])
    return t.select(*why.columns, "remedy", "remedy_params").order_by(*KEY, "rank")


def check_currency(policy: PolicyDoc, inputs: Inputs) -> None:
    """PolicyError when policy and company currency differ."""
    if policy.currency and policy.currency != inputs.currency:
        raise PolicyError(
            "The policy is written in {policy}, the company's currency is {company}.",
            next_step="Set the policy's currency to null or to the company's.",
            policy=policy.currency,
            company=inputs.currency,
        )


def decide(
    connection: duckdb.DuckDBPyConnection,
    inputs: Inputs,
    policy: PolicyDoc,
    as_of: date,
    run_id: str,
    *,
    programs: Path | None = None,
    among: pa.Table | None = None,
) -> Decided:
    """Decide on every party in scope.

    `among` (party_id): on these and the rest of their groups alone, with `Inputs.rest` for all
    others; what is told of a whole book is left out. `programs`: a private folder in which compiled
    policies are kept between processes. Raises PolicyError when policy and company currency differ,
    StateError when facts are missing.
    """
    check_currency(policy, inputs)
    program = compile_program(policy, programs)
    bind(connection, inputs, as_of, among)
    made = [s.name for s in (*program.output, *program.worlds)]
    asked = {name for statement in program.remedies for name in statement.reads}
    try:
        first = needed_for((*program.verdict, *program.output, *program.worlds), {*made, *asked})
        empty = run_statements(
            connection, first, keep=[*made, *asked], empty=empty_inputs(connection)
        )
        if "worlds" not in empty:
            bind_worlds(connection)
            bare = empty_inputs(connection) | empty.intersection(made)
            empty = run_statements(connection, program.again, keep=asked, empty=bare)
        run_statements(connection, program.remedies, keep=["out_reason"], empty=empty)
        decided = read_out(lambda name: _fetch(connection, name), policy, as_of, run_id)
        return decided if among is None else replace(decided, portfolio={})
    finally:
        clean_up(connection)


def open_items(
    connection: duckdb.DuckDBPyConnection,
    inputs: Inputs,
    policy: PolicyDoc,
    as_of: date,
    party_id: str | None = None,
) -> pa.Table:
    """Open items of one party, or of all, with due date, days past due and disputed part."""
    program = compile_program(policy)
    bind(connection, inputs, as_of)
    try:
        wanted = needed_for(program.verdict, ["items"])
        run_statements(connection, wanted, keep=["items"], empty=empty_inputs(connection))
        return connection.execute(
            f'SELECT * FROM temp."{PREFIX}items" WHERE $1 IS NULL OR party_id = $1 '  # noqa: S608  # our own name
            "ORDER BY party_id, due_date, connection, id",
            [party_id],
        ).fetch_arrow_table()
    finally:
        clean_up(connection)


def clean_up(connection: duckdb.DuckDBPyConnection) -> None:
    """Take the stages and the inputs of a calculation away again."""
    drop_stages(connection)
    unbind(connection)


def read_out(
    fetch: Callable[[str], pa.Table], policy: PolicyDoc, as_of: date, run_id: str
) -> Decided:
    """The outcome of a program that has run; `fetch` gives one of its tables by name."""
    out = {
        name: fetch(f"out_{name}").cast(table_schema(entity))
        for name, entity in DECISION_TABLES.items()
    }
    (found,) = fetch("out_coverage").to_pylist()
    totals = out["decision"].filter(pa.compute.equal(out["decision"]["selling_company"], TOTAL))
    unrated = totals["grade"].null_count
    coverage = Coverage(rated=totals.num_rows - unrated, unrated=unrated, **found)
    spread = {
        name: fetch(f"out_{name}").cast(table_schema(entity))
        for name, entity in PORTFOLIO_TABLES.items()
    }
    receivables = fetch("out_receivables")
    return Decided(run_id, as_of, policy_hash(policy), out, receivables, coverage, spread)


def _fetch(connection: duckdb.DuckDBPyConnection, name: str) -> pa.Table:
    return connection.table(PREFIX + name).fetch_arrow_table()


def coverage_row(book: Book) -> ir.Table:
    """One row with the counts of `Coverage` that come from the book."""
    t = book.parties
    t = t.filter(t.selling_company == TOTAL)
    counts = t.aggregate(
        parties=t.count(),
        items_without_rate=t.items_without_rate.sum().fill_null(0).cast("int64"),
        due_date_derived=t.due_date_derived.sum().fill_null(0).cast("int64"),
    )
    receipts = book.cash.aggregate(unapplied_receipts=book.cash.count())
    return counts.cross_join(receipts).cross_join(
        book.derived.aggregate(derived_matches=book.derived.count())
    )
