"""The way back: what each remedy really brings about, and how to apply one to copied facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from connector.credit.decision.verdict import Verdict, raised_flags
from connector.credit.expressions import (
    RawJson,
    date_text,
    decimal_text,
    joined,
    json_object,
    json_text,
    when,
    whole_text,
)
from connector.credit.facts import Facts, Inputs
from connector.credit.policy.document import PolicyDoc
from connector.credit.remedies.scenario import world_of
from connector.credit.remedies.targets import PAY, PROVIDE, RAISE, REDUCE, RESOLVE
from connector.domain.decision import TOTAL
from connector.ports.store import APPROVED_LIMIT_SCHEMA

SHOWN_ITEMS = 10
"""So many document numbers are listed by name; the due date defines them all."""


@dataclass(frozen=True)
class Remedy:
    """A remedy as a reason carries it. `params["result"]` is what applying it gives."""

    party_id: str
    code: str
    params: Mapping[str, Any]

    @staticmethod
    def of_reason(row: Mapping[str, Any]) -> Remedy | None:
        """The remedy of a row of the reason table; None when there is none."""
        if not row["remedy"]:
            return None
        return Remedy(row["party_id"], row["remedy"], json.loads(row["remedy_params"] or "{}"))

    @property
    def changes_facts(self) -> bool:
        """Whether it can be applied to facts; asking for data cannot."""
        return self.code != PROVIDE


def worlds_result(verdict: Verdict, policy: PolicyDoc) -> ir.Table:
    """What each world's decision says: score, grade, hold, flags, and each characteristic's bin."""
    flags = verdict.flags.filter(verdict.flags.selling_company == TOTAL)
    raised = raised_flags(policy)
    up = flags.group_by("party_id").agg(
        **{f"sev_{code}": flags.severity.max(where=flags.code == code) for code in raised}
    )
    t = verdict.parties.filter(verdict.parties.selling_company == TOTAL)
    t = t.left_join(up, "party_id")
    bins = [f"bin_{line.id}" for line in policy.scorecard.characteristics]
    codes = [ibis.ifelse(t[f"sev_{code}"].notnull(), code + ";", "") for code in sorted(raised)]
    listed = joined([ibis.literal(""), *codes])
    return t.select(
        *bins, *[f"sev_{code}" for code in raised],
        world=t.party_id, new_score=t.score, new_grade=t.grade, new_hold=t.hold,
        new_colour=t.colour, new_flags=listed.re_replace(";$", ""),
    )  # fmt: skip


def answer_targets(
    targets: ir.Table, paid: ir.Table, results: ir.Table, before: ir.Table,
    flags_before: ir.Table, policy: PolicyDoc, facts: Facts,
) -> ir.Table:  # fmt: skip
    """Remedy and its parameters for each (party, reason); those that do not help are left out."""
    t = targets.mutate(world=world_of(targets))
    t = t.left_join(_listed(paid), "world").drop("world_right")
    t = t.left_join(results, "world").drop("world_right")
    t = t.left_join(before.select("party_id", "score"), "party_id").drop("party_id_right")
    severity = flags_before.filter(flags_before.selling_company == TOTAL)
    severity = severity.select("party_id", "code", old_severity=severity.severity)
    t = t.left_join(severity, ["party_id", "code"])
    stands = [(t.code == code, t[f"sev_{code}"]) for code in raised_flags(policy)]
    t = t.mutate(new_severity=when(*stands) if stands else ibis.null("int64"))
    fell = ibis.coalesce(t.new_severity, 0) < t.old_severity
    no_worse = (t.new_score >= t.score) | t.score.isnull()
    rose = (t.new_score > t.score) & t.old_severity.isnull()
    helps = (t.kind == PROVIDE) | ibis.coalesce((fell & no_worse) | rose, False)
    t = t.filter(helps)
    bins = ((t.code == x.id, t[f"bin_{x.id}"]) for x in policy.scorecard.characteristics)
    t = t.mutate(new_bin=when(*bins), currency=facts.moment.currency.as_scalar())
    return t.select("party_id", "rank", remedy=t.kind, remedy_params=_params(t))


def _params(t: ir.Table) -> Any:
    result = RawJson(
        json_object(
            {
                "score": whole_text(t.new_score), "grade": t.new_grade,
                "hold": ibis.ifelse(t.new_hold, "true", "false"), "colour": t.new_colour,
                "flags": t.new_flags, "bin": t.new_bin,
            }
        )
    )  # fmt: skip
    pay = json_object(
        {
            "due_on_or_before": date_text(t.last_due), "items": RawJson(t.item_list),
            "count": whole_text(t.items), "total": decimal_text(t.total),
            "currency": t.currency, "result": result,
        }
    )  # fmt: skip
    amount = json_object(
        {"amount": decimal_text(t.amount), "currency": t.currency, "result": result}
    )
    return when(
        (t.kind == PAY, pay),
        (t.kind.isin([REDUCE, RAISE]), amount),
        (t.kind == RESOLVE, json_object({"result": result})),
        otherwise="{}",
    )


def _listed(paid: ir.Table) -> ir.Table:
    """Total, number and the first document numbers of what each world pays."""
    order = [paid.due_date, paid.connection, paid.id]
    place = ibis.row_number().over(ibis.window(group_by=paid.world, order_by=order))
    t = paid.mutate(place=place, shown=json_text(ibis.coalesce(paid.number, paid.id)))
    names = {f"name_{n}": t.shown.max(where=t.place == n) for n in range(SHOWN_ITEMS)}
    t = t.group_by("world").agg(items=t.count(), total=t.base.sum().cast("decimal(18, 4)"), **names)
    shown = [ibis.coalesce(t.name_0, "")]
    for n in range(1, SHOWN_ITEMS):
        shown.append(ibis.ifelse(t[f"name_{n}"].notnull(), ibis.literal(",") + t[f"name_{n}"], ""))
    listed = joined([ibis.literal("["), *shown, ibis.literal("]")])
    return t.select("world", "items", "total", item_list=listed)


def apply_remedy(
    connection: duckdb.DuckDBPyConnection,
    inputs: Inputs,
    open_items: pa.Table,
    remedy: Remedy,
    as_of: date,
) -> Inputs:
    """Apply a remedy to the facts in `connection` and return the inputs that go with them.

    Meant for a copy of the facts: it proves what a remedy states. `open_items` are the party's open
    items as `engine.open_items` gives them. Works row by row on one party, independent of the way
    the engine works remedies out in bulk.
    """
    if remedy.code == PAY:
        last = date.fromisoformat(remedy.params["due_on_or_before"])
        for item in open_items.to_pylist():
            if item["due_date"] <= last and item["undisputed_open"] > 0:
                _pay(connection, item, as_of)
    elif remedy.code == REDUCE:
        amount = Decimal(remedy.params["amount"])
        _receive(connection, remedy.party_id, "remedy", "remedy", amount,
                 inputs.currency, as_of, None, None)  # fmt: skip
    elif remedy.code == RESOLVE:
        connection.execute(
            "UPDATE linked.invoice SET disputed = FALSE, disputed_amount = NULL WHERE party_id = ?",
            [remedy.party_id],
        )
        connection.execute(
            "DELETE FROM linked.dispute WHERE party_id = ? AND closed_on IS NULL",
            [remedy.party_id],
        )
    elif remedy.code == RAISE:
        return _raised(inputs, remedy, as_of)
    return inputs


def _pay(connection: duckdb.DuckDBPyConnection, item: Mapping[str, Any], as_of: date) -> None:
    connection.execute(
        "UPDATE linked.invoice SET open_amount = open_amount - ? "
        "WHERE party_id = ? AND connection = ? AND id = ?",
        [item["undisputed_open"], item["party_id"], item["connection"], item["id"]],
    )
    _receive(
        connection, item["party_id"], item["connection"], f"remedy/{item['id']}",
        item["undisputed_open"], item["currency"], as_of, item["id"], item["seller"] or None,
    )  # fmt: skip


def _receive(
    connection: duckdb.DuckDBPyConnection, party_id: str, source: str, key: str, amount: Decimal,
    currency: str, as_of: date, invoice_id: str | None, seller: str | None,
) -> None:  # fmt: skip
    connection.execute(
        "INSERT INTO linked.payment (party_id, connection, id, amount, currency, value_date, "
        "invoice_id, selling_company) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [party_id, source, key, amount, currency, as_of, invoice_id, seller],
    )


def _raised(inputs: Inputs, remedy: Remedy, as_of: date) -> Inputs:
    rows = [
        row
        for row in inputs.approved_limits.to_pylist()
        if row["party_id"] != remedy.party_id or (row["selling_company"] or TOTAL) != TOTAL
    ]
    rows.append(
        {
            "party_id": remedy.party_id, "selling_company": TOTAL, "state": "amount",
            "amount": Decimal(remedy.params["amount"]), "currency": inputs.currency,
            "source": "person", "approver": None, "valid_from": as_of, "valid_to": None,
            "review_on": None,
        }
    )  # fmt: skip
    limits = pa.Table.from_pylist(rows, schema=APPROVED_LIMIT_SCHEMA)
    return replace(inputs, approved_limits=limits)
