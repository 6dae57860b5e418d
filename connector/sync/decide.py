"""Decide: facts, human facts, prior state and policy go in; decisions come out.

Nothing is computed when nothing that decides has changed: same day, same policy, no landing with
effect since the last decision. The seam between ledger and store: decisions and `decided_through`
end in one store transaction, so a landing is never left undecided.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta

import pyarrow as pa

from connector.credit.calendars import calendar_rows
from connector.credit.engine import ENGINE_VERSION, decide
from connector.credit.engine import Decided as Computed
from connector.credit.facts import USAGE_SCHEMA, Inputs, Rest
from connector.credit.policy.document import PolicyDoc, policy_hash
from connector.domain.change import digest
from connector.domain.decision import TOTAL
from connector.ports.store import APPROVED_LIMIT_SCHEMA, DecisionSet
from connector.sync.changed import changed_parties, keep_rested_on
from connector.sync.crash import crash_point
from connector.sync.desk import Desk
from connector.sync.exchange import fill_run_rates
from connector.sync.exposures import keep_exposures
from connector.sync.in_force import keep_in_force, rest_of_book, tables_of_others, worded_in
from connector.sync.portfolio import keep_portfolio
from connector.sync.reconcile import stated_totals
from connector.sync.scope import ScopeReport, ScopeRules, scope_parties
from connector.sync.wording import word

LAST_RUN = "run"
"""Key of the basis that names the run whose decisions are in force; it decides nothing."""

MOST_APART = 4
"""A run decides on everybody when more than one party in so many has to be decided on."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions in force after this step. `changed` parties; None when nothing was computed.

    `among`: how many parties were decided on; None when it was everybody, or nobody. `tables` hold
    what plans are made of (`in_force.PLANNED` and `wording`) for all parties, also then.
    `receivables`: open, overdue and ageing per party, selling company and document currency, which
    control totals are compared with; None when not everybody's were computed.
    """

    tables: Mapping[str, pa.Table]
    basis: Mapping[str, str]
    scope: ScopeReport
    changed: int | None
    coverage: Mapping[str, object]
    receivables: pa.Table | None = None
    among: int | None = None


def decide_run(desk: Desk, policy: PolicyDoc) -> Decided:
    """Scope and decide; stage what changed. `commit_run` makes it visible."""
    approved = desk.store.approved_limits()
    scope = scope_parties(desk.ledger, _scope_rules(desk), desk.as_of, approved)
    basis = {
        "as_of": desk.as_of.isoformat(),
        "policy_hash": policy_hash(policy),
        "engine": ENGINE_VERSION,
        "house": digest(
            [desk.house.company_currency, sorted(desk.house.own_group), desk.house.order_months,
             desk.house.natural_persons, {k: list(v) for k, v in desk.house.truth.items()},
             {k: str(v) for k, v in desk.house.rates.items()}]
        )[:16],
        "approved": _table_digest(approved),
        "links": _table_digest(desk.store.confirmed_links()),
    }  # fmt: skip
    # Where the books state a total for the day, it has to be tied in every run.
    stated = stated_totals(desk.ledger, desk.as_of).num_rows > 0
    if not stated and not _dirty(desk, basis):
        tables = dict(desk.store.decision_tables())
        tables["wording"] = word(tables, desk.house.language)
        return Decided(tables, basis, scope, None, {})
    prior = desk.store.prior_decisions()
    part = None
    if not stated and desk.cluster is None and _alike(desk, basis):
        part = _part(desk, approved, prior, scope)
    return _decide_anew(desk, policy, _Asked(approved, prior, scope, basis, part))


_TOLD_BY_PARTY = ("approved", "links")
"""Parts of the basis whose changes concern single parties and are told by `changed_parties`."""


def _dirty(desk: Desk, basis: Mapping[str, str]) -> bool:
    before = dict(desk.store.decided_basis())
    before.pop(LAST_RUN, None)
    if before != dict(basis):
        return True
    return desk.ledger.dirty_since(desk.store.decided_through())


def _alike(desk: Desk, basis: Mapping[str, str]) -> bool:
    """Whether only what is told party by party may have moved since the decisions in force."""
    before = desk.store.decided_basis()
    return all(before.get(k) == v for k, v in basis.items() if k not in _TOLD_BY_PARTY)


def _part(desk: Desk, approved: pa.Table, prior: pa.Table, scope: ScopeReport) -> pa.Table | None:
    """Parties (party_id) that are decided on alone; None for everybody.

    So it is also where more than a quarter would be: then the whole book is as quick.
    """
    ledger, last = desk.ledger, desk.store.decided_basis().get(LAST_RUN, "")
    through = desk.store.decided_through()
    found = changed_parties(ledger, last, through, approved, prior)
    if found is None or found.num_rows * MOST_APART > scope.in_scope:
        return None
    return found if worded_in(ledger, desk.house.language) else None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a decision of this run starts from; `part` are the parties to decide on, None all."""

    approved: pa.Table
    prior: pa.Table
    scope: ScopeReport
    basis: Mapping[str, str]
    part: pa.Table | None


def _decide_anew(desk: Desk, policy: PolicyDoc, asked: _Asked) -> Decided:
    fill_run_rates(desk.ledger, desk.house.company_currency, desk.house.rates, desk.as_of)
    approved, part = asked.approved, asked.part
    inputs = Inputs(
        currency=desk.house.company_currency,
        approved_limits=approved,
        prior_decisions=asked.prior,
        prior_flags=desk.store.prior_flags(),
        usage=usage_before(desk, policy.behaviour.streak.reach_days),
        calendars=calendar_rows(policy, desk.as_of, _countries(desk)),
        rest=Rest() if part is None else rest_of_book(desk.ledger, part),
    )
    result = _compute(desk, inputs, policy, part)
    crash_point("after-decide")
    granted = _granted(desk, result.tables["decision"], approved)
    basis = {**asked.basis, "approved": _table_digest(granted), LAST_RUN: desk.run_id}
    tables = {**result.tables, "wording": word(result.tables, desk.house.language)}
    _keep(desk, asked, result, tables)
    crash_point("after-keep-decisions")
    changed = desk.store.stage_decisions(
        DecisionSet(desk.run_id, desk.as_of, policy_hash(policy), result.tables,
                    None if part is None else part["party_id"].to_pylist()),
        desk.fence,
    )  # fmt: skip
    crash_point("after-stage-decisions")
    coverage = asdict(result.coverage)
    if part is None:
        return Decided(
            tables, basis, asked.scope, changed, coverage, receivables=result.receivables
        )
    others = tables_of_others(desk.ledger, part)
    whole = {name: pa.concat_tables([rows, tables[name]]) for name, rows in others.items()}
    return Decided(whole, basis, asked.scope, changed, coverage, among=part.num_rows)


def _compute(desk: Desk, inputs: Inputs, policy: PolicyDoc, part: pa.Table | None) -> Computed:
    given = (desk.ledger.connection, inputs, policy, desk.as_of, desk.run_id)
    if desk.cluster:
        return desk.cluster.decide(*given, programs=desk.programs)
    return decide(*given, programs=desk.programs, among=part)


def _keep(desk: Desk, asked: _Asked, result: Computed, tables: Mapping[str, pa.Table]) -> None:
    """Keep in the ledger what was decided, and what the next run needs to decide on some only.

    A run that a crash cuts short behind this has not become the last run of the store, so the next
    one decides on everybody.
    """
    ledger, currency = desk.ledger, desk.house.company_currency
    ledger.keep_decisions(desk.run_id, result.tables)
    keep_exposures(ledger, result.tables["decision"])
    keep_portfolio(ledger, result.portfolio, desk.as_of, currency)
    with ledger.as_one():
        keep_in_force(ledger, desk.run_id, tables, desk.house.language, asked.part)
        keep_rested_on(ledger, desk.run_id, asked.approved, asked.prior)


def usage_before(desk: Desk, reach_days: int) -> pa.Table:
    """How much of its limit each party used on the days before (USAGE_SCHEMA), by the last run of
    each day that could tell; a day on which nothing was decided has no row."""
    first = desk.as_of - timedelta(days=reach_days)
    return desk.ledger.query(
        """
        SELECT party_id, selling_company, as_of AS day, arg_max(utilisation, run_id) AS utilisation
        FROM decision_history
        WHERE as_of >= $first AND as_of < $as_of AND selling_company = $whole
        GROUP BY ALL HAVING utilisation IS NOT NULL
        """,
        {"first": first, "as_of": desk.as_of, "whole": TOTAL},
    ).cast(USAGE_SCHEMA)


def _countries(desk: Desk) -> list[str | None]:
    found = desk.ledger.query("SELECT DISTINCT country FROM party ORDER BY country")
    return list(found["country"].to_pylist())


def _granted(desk: Desk, decision: pa.Table, approved: pa.Table) -> pa.Table:
    """Keep the limits that the policy itself grants, and give back all approved limits."""
    granted = desk.ledger.query(
        """
        SELECT party_id, selling_company, approved_state AS state, approved_amount AS amount,
               currency, 'policy' AS source, NULL AS approver, as_of AS valid_from,
               approved_valid_to AS valid_to, next_review AS review_on
        FROM decision WHERE approved_source = 'policy'
          AND NOT EXISTS (
              SELECT 1 FROM approved
              WHERE approved.party_id = decision.party_id
                AND approved.selling_company = decision.selling_company
                AND approved.state = decision.approved_state
                AND approved.amount IS NOT DISTINCT FROM decision.approved_amount
                AND approved.valid_to IS NOT DISTINCT FROM decision.approved_valid_to)
        """,
        None,
        {"decision": decision, "approved": approved},
    ).cast(APPROVED_LIMIT_SCHEMA)
    if granted.num_rows == 0:
        return approved
    desk.store.put_approved_limits(granted, desk.fence)
    return desk.store.approved_limits()


def _scope_rules(desk: Desk) -> ScopeRules:
    return ScopeRules(
        order_months=desk.house.order_months,
        own_group_parties=desk.house.own_group,
        include_natural_persons=desk.house.natural_persons,
    )


def _table_digest(table: pa.Table) -> str:
    rows = sorted(json.dumps(row, default=str, sort_keys=True) for row in table.to_pylist())
    return digest(rows)[:16]
