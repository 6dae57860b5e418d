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
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connector.credit.calendars import calendar_rows
from connector.credit.engine import ENGINE_VERSION, decide
from connector.credit.facts import USAGE_SCHEMA, Inputs
from connector.credit.policy.document import PolicyDoc, policy_hash
from connector.credit.reasons.explain import reason_lines
from connector.domain.change import digest
from connector.domain.decision import TOTAL
from connector.domain.texts import Language
from connector.ports.store import APPROVED_LIMIT_SCHEMA, DecisionSet
from connector.sync.crash import crash_point
from connector.sync.desk import Desk
from connector.sync.exchange import fill_run_rates
from connector.sync.exposures import keep_exposures
from connector.sync.portfolio import keep_portfolio
from connector.sync.reconcile import stated_totals
from connector.sync.scope import ScopeReport, ScopeRules, scope_parties

TOP_REASONS = 3

WORDING_SCHEMA = pa.schema(
    [("party_id", pa.string()), ("reasons", pa.string()), ("reason_text", pa.string())]
)


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions in force after this step. `changed` parties; None when nothing was computed.

    `receivables`: open, overdue and ageing per party, selling company and document currency, which
    control totals are compared with; None when nothing was computed.
    """

    tables: Mapping[str, pa.Table]
    basis: Mapping[str, str]
    scope: ScopeReport
    changed: int | None
    coverage: Mapping[str, object]
    receivables: pa.Table | None = None


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
    return _decide_anew(desk, policy, approved, scope, basis)


def _dirty(desk: Desk, basis: Mapping[str, str]) -> bool:
    if dict(desk.store.decided_basis()) != dict(basis):
        return True
    return desk.ledger.dirty_since(desk.store.decided_through())


def _decide_anew(
    desk: Desk, policy: PolicyDoc, approved: pa.Table, scope: ScopeReport, basis: dict[str, str]
) -> Decided:
    fill_run_rates(desk.ledger, desk.house.company_currency, desk.house.rates, desk.as_of)
    prior = desk.store.prior_decisions()
    inputs = Inputs(
        currency=desk.house.company_currency,
        approved_limits=approved,
        prior_decisions=prior,
        prior_flags=desk.store.prior_flags(),
        usage=usage_before(desk, policy.behaviour.streak.reach_days),
        calendars=calendar_rows(policy, desk.as_of, _countries(desk)),
    )
    compute = desk.cluster.decide if desk.cluster else decide
    result = compute(
        desk.ledger.connection, inputs, policy, desk.as_of, desk.run_id, programs=desk.programs
    )
    crash_point("after-decide")
    granted = _granted(desk, result.tables["decision"], approved)
    basis = {**basis, "approved": _table_digest(granted)}
    desk.ledger.keep_decisions(desk.run_id, result.tables)
    keep_exposures(desk.ledger, result.tables["decision"])
    keep_portfolio(desk.ledger, result.portfolio, desk.as_of, inputs.currency)
    crash_point("after-keep-decisions")
    changed = desk.store.stage_decisions(
        DecisionSet(desk.run_id, desk.as_of, policy_hash(policy), result.tables), desk.fence
    )
    crash_point("after-stage-decisions")
    tables = dict(result.tables)
    tables["wording"] = word(tables, desk.house.language)
    return Decided(
        tables, basis, scope, changed, asdict(result.coverage),
        receivables=result.receivables,
    )  # fmt: skip


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


def word(tables: Mapping[str, pa.Table], language: Language) -> pa.Table:
    """The top reasons of each party, as data and in words (WORDING_SCHEMA)."""
    of_all = pc.equal(tables["reason"]["selling_company"], TOTAL)
    columns = ["party_id", "rank", "code", "params", "remedy", "remedy_params"]
    rows = tables["reason"].filter(of_all).select(columns).to_pylist()
    rows.sort(key=lambda r: (r["party_id"], r["rank"]))
    worded = []
    between = "" if language == "zh" else " "
    for party_id, group in groupby(rows, key=lambda r: r["party_id"]):
        top = list(group)[:TOP_REASONS]
        worded.append(
            {
                "party_id": party_id,
                "reasons": json.dumps([_data(r) for r in top], ensure_ascii=False,
                                      sort_keys=True, separators=(",", ":")),
                "reason_text": between.join(reason_lines(top, language)),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(worded, schema=WORDING_SCHEMA)


def _data(reason: Mapping[str, Any]) -> dict[str, Any]:
    data = {"code": reason["code"], "params": json.loads(reason["params"])}
    if reason["remedy"]:
        data |= {"remedy": reason["remedy"], "remedy_params": json.loads(reason["remedy_params"])}
    return data
