"""The engine's output in the exact shape of `domain.decision`, and the decision's digest."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from connector.credit.expressions import decimal_text, joined, no_text
from connector.credit.flags import FLAGS
from connector.credit.party import KEY
from connector.credit.policy import PolicyDoc
from connector.credit.verdict import Verdict
from connector.domain.decision import DECISION, DECISION_TABLES
from connector.domain.entities import Kind
from connector.ports.facts import ARROW_TYPES, table_schema

_CASTS = {
    Kind.TEXT: "string", Kind.MONEY: "decimal(18, 4)", Kind.RATE: "decimal(18, 10)",
    Kind.QUANTITY: "decimal(18, 4)", Kind.DATE: "date", Kind.FLAG: "boolean", Kind.COUNT: "int64",
}  # fmt: skip
_BETWEEN = "\x1f"
_NOTHING = "∅"


def shaped(table: ir.Table, name: str) -> ir.Table:
    """The columns of a decision table, cast and in order; what is absent is null."""
    entity = DECISION_TABLES[name]
    columns = {}
    for column in entity.columns:
        kind = _CASTS[column.kind]
        present = column.name in table.columns
        columns[column.name] = table[column.name].cast(kind) if present else ibis.null(kind)
    return table.select(**columns)


def to_arrow(table: ir.Table, name: str) -> pa.Table:
    """The rows as Arrow with the schema of the contract."""
    return table.to_pyarrow().cast(table_schema(DECISION_TABLES[name]))


def decision_rows(
    verdict: Verdict, stops: ir.Table, policy: PolicyDoc, as_of: date, currency: str, seal: str
) -> ir.Table:
    """The decision table without order; `seal` joins policy hash and engine version."""
    t = verdict.parties.mutate(as_of=ibis.literal(as_of, type="date"), currency=ibis.literal(currency))
    t = _with_stop_texts(_with_flag_texts(t, verdict.flags), stops)
    t = t.mutate(
        approved_amount=ibis.ifelse(t.approved_state == "amount", t.approved_amount,
                                    ibis.null("decimal(18, 4)")),
    )  # fmt: skip
    return shaped(t.mutate(decision_hash=digest_of(t, policy, seal)), "decision")


def digest_of(t: ir.Table, policy: PolicyDoc, seal: str) -> Any:
    """SHA-256 over every column of the decision but `as_of` and itself, flags, points and seal.

    Measured values that only the clock moves are not part of it; a decision that says the same the
    next day has the same digest.
    """
    left_out = ("as_of", "decision_hash")
    parts = [_text(t[c.name].cast(_CASTS[c.kind])) for c in DECISION.columns if c.name not in left_out]
    for line in policy.scorecard.characteristics:
        parts += [_text(t[f"bin_{line.id}"]), _text(t[f"pts_{line.id}"])]
    parts += [_text(t[f"said_{code}"]) for code in FLAGS]
    parts += [_text(t.stop_texts), ibis.literal(seal)]
    between = ibis.literal(_BETWEEN)
    content: list[Any] = []
    for part in parts:
        content += [part, between]
    return joined(content).hexdigest("sha256")


def _text(value: Any) -> Any:
    kind = value.type()
    if kind.is_decimal():
        value = decimal_text(value)
    elif not kind.is_string():
        value = value.cast("string")
    return ibis.coalesce(value, _NOTHING)


def _with_flag_texts(t: ir.Table, flags: ir.Table) -> ir.Table:
    said = joined(
        [flags.severity.cast("string"), ibis.literal(_BETWEEN), flags.since.cast("string"),
         ibis.literal(_BETWEEN), flags.params]
    )  # fmt: skip
    f = flags.mutate(said=said)
    wide = f.group_by(*KEY).agg(
        **{f"said_{code}": f.said.max(where=f.code == code) for code in FLAGS}
    )
    columns = [f"said_{code}" for code in FLAGS]
    t = t.left_join(wide, KEY, rname="{name}_said")
    return t.drop(*[name for name in t.columns if name.endswith("_said")]).mutate(
        **{name: ibis.coalesce(t[name], no_text()) for name in columns}
    )


def _with_stop_texts(t: ir.Table, stops: ir.Table) -> ir.Table:
    return t.mutate(stop_texts=ibis.coalesce(t.hard_stop, ""))


def schema_of(name: str) -> pa.Schema:
    """Arrow schema of a decision table."""
    return pa.schema([(c.name, ARROW_TYPES[c.kind]) for c in DECISION_TABLES[name].columns])
