"""The engine's output in the exact shape of `domain.decision`, and the decision's digest."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.decision.verdict import Verdict, raised_flags
from connector.credit.expressions import decimal_text, join_left, joined
from connector.credit.facts import IBIS_TYPES, Facts
from connector.credit.metrics.party import KEY
from connector.credit.policy.document import PolicyDoc
from connector.domain.decision import DECISION, DECISION_TABLES
from connector.domain.portfolio import PORTFOLIO_TABLES

_BETWEEN = "\x1f"
_NOTHING = "∅"


def shaped(table: ir.Table, name: str) -> ir.Table:
    """The columns of a table put out, cast and in order; what is absent is null."""
    entity = (DECISION_TABLES | PORTFOLIO_TABLES)[name]
    columns = {}
    for column in entity.columns:
        kind = IBIS_TYPES[column.kind]
        present = column.name in table.columns
        columns[column.name] = table[column.name].cast(kind) if present else ibis.null(kind)
    return table.select(**columns)


def decision_rows(verdict: Verdict, facts: Facts, policy: PolicyDoc, seal: str) -> ir.Table:
    """The decision table without order; `seal` joins policy hash and engine version."""
    p = verdict.parties
    lines = policy.scorecard.characteristics
    shown = [c.name for c in DECISION.columns if c.name in p.columns]
    shown += [f"{kind}_{line.id}" for line in lines for kind in ("bin", "pts")]
    t = join_left(p.select(*shown), _flag_texts(verdict.flags, policy), KEY)
    none = ibis.null("decimal(18, 4)")
    t = t.select(*[name for name in t.columns if name != "approved_amount"],
        as_of=facts.as_of, currency=facts.moment.currency.as_scalar(),
        approved_amount=ibis.ifelse(t.approved_state == "amount", t.approved_amount, none),
    )  # fmt: skip
    return shaped(t.mutate(decision_hash=digest_of(t, policy, seal)), "decision")


def digest_of(t: ir.Table, policy: PolicyDoc, seal: str) -> Any:
    """SHA-256 over every column of the decision but `as_of` and itself, flags, points and seal.

    Measured values that only the clock moves are not part of it; a decision that says the same the
    next day has the same digest.
    """
    left_out = ("as_of", "decision_hash")
    parts = [
        _text(t[c.name].cast(IBIS_TYPES[c.kind]))
        for c in DECISION.columns
        if c.name not in left_out
    ]
    for line in policy.scorecard.characteristics:
        parts += [_text(t[f"bin_{line.id}"]), _text(t[f"pts_{line.id}"])]
    parts += [_text(t[f"said_{code}"]) for code in raised_flags(policy)]
    parts.append(ibis.literal(seal))
    return ibis.literal(_BETWEEN).join([*parts, ibis.literal("")]).hexdigest("sha256")


def _text(value: Any) -> Any:
    kind = value.type()
    if kind.is_decimal():
        value = decimal_text(value)
    elif not kind.is_string():
        value = value.cast("string")
    return ibis.coalesce(value, _NOTHING)


def _flag_texts(flags: ir.Table, policy: PolicyDoc) -> ir.Table:
    """What each flag says, beside each other: severity, since, parameters."""
    between = ibis.literal(_BETWEEN)
    severity, since = flags.severity.cast("string"), flags.since.cast("string")
    f = flags.mutate(said=joined([severity, between, since, between, flags.params]))
    texts = {f"said_{code}": f.said.max(where=f.code == code) for code in raised_flags(policy)}
    return f.group_by(*KEY).agg(**texts)
