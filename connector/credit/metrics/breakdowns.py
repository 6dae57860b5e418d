"""What figures consist of: one row a (party, selling company, dimension, member).

The ageing of the receivables is told bucket by bucket, zeros included, so that a bucket that was
paid is seen to be empty. Other dimensions come from the areas and name only members that have
something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import MONEY, union_all
from connector.credit.metrics.labels import ageing_columns

KEY = ("party_id", "selling_company")
AMOUNTS = ("amount", "overdue", "exposure", "sales")
COLUMNS = (*KEY, "dimension", "member", "place", *AMOUNTS)


def ageing_rows(parties: ir.Table, edges: Sequence[int]) -> ir.Table:
    """Open receivables by days past due, one row a bucket between the policy's `edges` (AGE-1)."""
    blank = {name: ibis.null(MONEY) for name in AMOUNTS if name != "amount"}
    rows = [
        parties.select(
            *KEY, dimension=ibis.literal("ageing"), member=ibis.literal(name.removeprefix("age_")),
            place=ibis.literal(place, type="int64"), amount=parties[name], **blank,
        ).select(*COLUMNS)
        for place, name in enumerate(ageing_columns(edges))
    ]  # fmt: skip
    return union_all(rows)


def breakdown_rows(dimension: str, t: ir.Table, keys: ir.Table) -> ir.Table:
    """An area's table by (party_id, seller, member) for the rows of the party table.

    `keys` are those rows' (party_id, selling_company). What the area does not tell is null; members
    without a place come by their amount, the largest first.
    """
    given = [name for name in AMOUNTS if name in t.columns]
    sums = {name: t[name].sum().cast(MONEY) for name in given}
    placed = {"place": t.place.min()} if "place" in t.columns else {}
    total = t.group_by("party_id", "member").agg(**sums, **placed)
    total = total.mutate(selling_company=ibis.literal(""))
    own = t.filter(t.seller != "")
    own = own.group_by("party_id", "member", selling_company=own.seller).agg(
        **{name: own[name].sum().cast(MONEY) for name in given},
        **({"place": own.place.min()} if placed else {}),
    )
    both = union_all([table.select(*KEY, "member", *given, *placed) for table in (total, own)])
    inside = both.semi_join(keys, list(KEY))
    if not placed:
        inside = inside.mutate(place=_by_size(inside, given))
    return inside.select(*_columns(dimension, inside))


def _by_size(t: ir.Table, given: Sequence[str]) -> Any:
    order = [ibis.coalesce(t[given[0]], 0).desc(), t.member] if given else [t.member]
    window = ibis.window(group_by=[t[name] for name in KEY], order_by=order)
    return ibis.row_number().over(window)


def _columns(dimension: str, t: ir.Table) -> list[Any]:
    found: Mapping[str, Any] = {"dimension": ibis.literal(dimension)} | {
        name: ibis.null(MONEY) for name in AMOUNTS if name not in t.columns
    }
    return [found[n].name(n) if n in found else t[n] for n in COLUMNS]
