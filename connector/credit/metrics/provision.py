"""The provision matrix: an indicative allowance by ageing bucket, and the rates it rests on.

Rates are lifetime loss rates of gross receivables by days past due, as the simplified approach of
IFRS 9 allows. The figures are indicative: the accountant books.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    MONEY,
    convert,
    exact,
    money,
    plus_days,
    union_all,
    when,
    zero,
)
from connector.credit.metrics.labels import ageing_columns
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.loss import ProvisionDoc

REST = ""
"""Segment of the parties that belong to no other."""

_RATE_STEP = Decimal("0.0001")


def segment_of(t: ir.Table, rule: ProvisionDoc) -> Any:
    """Name of the first segment of the policy that a party belongs to, "" for the rest."""
    branches = [(t[s.column].isin(list(s.members)), s.name) for s in rule.segments]
    return when(*branches, otherwise=REST) if branches else ibis.literal(REST)


def allowance(t: ir.Table, rule: ProvisionDoc, edges: Sequence[int]) -> Any:
    """Σ bucket × rate of the party's segment (ECL-1); null when the policy has no rates.

    The metric provision, in company currency, indicative.
    """
    if not rule.rates:
        return ibis.null(MONEY)
    names = ageing_columns(edges)
    branches = [
        (t[s.column].isin(list(s.members)), _at_rates(t, names, s.rates)) for s in rule.segments
    ]
    rest = _at_rates(t, names, rule.rates)
    return when(*branches, otherwise=rest) if branches else rest


def _at_rates(t: ir.Table, names: Sequence[str], rates: Sequence[Decimal]) -> Any:
    parts = (convert(t[name], exact(rate)) for name, rate in zip(names, rates, strict=True))
    return money(sum(parts, start=zero()))


def provision_matrix(parties: ir.Table, rule: ProvisionDoc, edges: Sequence[int]) -> ir.Table:
    """The matrix of the book: one row a (segment, bucket) with amount, rate and allowance.

    `parties`: the party table; only rows of the total count. Empty when the policy has no rates.
    """
    names = ageing_columns(edges)
    t = parties.filter(parties.selling_company == "")
    t = t.mutate(segment=segment_of(t, rule))
    sums = t.group_by("segment").agg(**{n: money(t[n].sum()) for n in names})
    rates = {REST: rule.rates} | {s.name: s.rates for s in rule.segments}
    rows = []
    for place, name in enumerate(names):
        pairs = [(sums.segment == n, exact(r[place])) for n, r in rates.items() if r]
        rate = when(*pairs, otherwise=ibis.null("decimal(18, 10)")) if pairs else None
        if rate is None:
            continue
        rows.append(
            sums.select(
                "segment", place=ibis.literal(place, type="int64"), bucket=ibis.literal(name),
                amount=sums[name], rate=rate, allowance=convert(sums[name], rate),
            )
        )  # fmt: skip
    if not rows:
        empty = {"bucket": "string", "amount": MONEY, "rate": "decimal(18, 10)",
                 "allowance": MONEY}  # fmt: skip
        nothing = {name: ibis.null(kind) for name, kind in empty.items()}
        return sums.limit(0).select("segment", place=ibis.null("int64"), **nothing)
    return union_all(rows).order_by("segment", "place")


@dataclass(frozen=True, slots=True)
class Provision:
    """The matrix added up: gross amount, allowance, and their ratio (null for nothing open)."""

    amount: Decimal
    allowance: Decimal
    coverage: Decimal | None


def sum_matrix(rows: Sequence[Mapping[str, Any]]) -> Provision:
    """Totals of the rows of `provision_matrix` (ECL-1)."""
    amount = sum((row["amount"] for row in rows), start=Decimal(0))
    allowed = sum((row["allowance"] for row in rows), start=Decimal(0))
    return Provision(amount, allowed, _rounded(allowed / amount) if amount else None)


def loss_rates(
    reached: Sequence[Decimal], lost: Decimal, forward_scalar: Decimal = Decimal(1)
) -> list[Decimal | None]:
    """Loss rate of each bucket: finally lost ÷ amount that reached it × scalar (ECL-RATES).

    `reached`: sold, then what was still unpaid at each bucket's start. At most 1; null for a
    bucket that nothing reached. Four digits, half-up.
    """
    return [
        _rounded(min(lost / amount * forward_scalar, Decimal(1))) if amount else None
        for amount in reached
    ]


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_RATE_STEP, ROUND_HALF_UP)


def follow_cohort(
    invoices: ir.Table,
    applied: ir.Table,
    edges: Sequence[int],
    *,
    due_from: date,
    due_to: date,
    lost_after_days: int,
) -> ir.Table:
    """What became of the invoices due in a period: one row for `loss_rates`.

    `invoices` with base amount and due date, `applied` what settled them and when. Columns:
    `reached_0` the amount invoiced, `reached_1` unpaid at the end of the due date, `reached_2` at
    the end of the first bucket …; `lost` unpaid `lost_after_days` after the due date. The period
    has to lie so far back that all of this has happened.
    """
    keys = ["party_id", "connection", "id"]
    i = invoices.filter(invoices.due_date >= due_from, invoices.due_date <= due_to)
    i = i.filter(i.base.notnull())
    starts = [0, *edges]
    p = applied.inner_join(i.select(*keys, "due_date"), keys)
    days = [*starts, lost_after_days]
    paid = p.group_by(*keys).agg(
        **{
            f"paid_{n}": money(
                ibis.coalesce(
                    p.base.sum(where=p.settled_on <= plus_days(p.due_date, ibis.literal(d))), zero()
                )
            )
            for n, d in enumerate(days)
        }
    )
    t = i.left_join(paid, keys)
    left = {
        n: money(ibis.greatest(money(t.base - ibis.coalesce(t[f"paid_{n}"], zero())), zero()).sum())
        for n in range(len(days))
    }
    return t.aggregate(
        reached_0=money(t.base.sum()),
        **{f"reached_{n + 1}": left[n] for n in range(len(starts))},
        lost=left[len(starts)],
    )


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    rule = bench.policy.loss.provision
    return {"provision": allowance(t, rule, bench.policy.ageing.buckets)}


AREA = Area("provision", columns=_columns)
