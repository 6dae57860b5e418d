"""Two ways of setting amounts against amounts, both by windows and equal joins, never by loops.

Sources and sinks are tables with `connection`, `id`, `amount` (above 0 to take part), `moment`
(a date) and the columns they are grouped by. The result names the sink as `connection`, `id` and
the source as `from_connection`, `from_id`, with `applied`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import money, union_all


def pour(
    sources: ir.Table,
    sinks: ir.Table,
    *,
    on: Sequence[str],
    carry: Sequence[str] = (),
    latest_first: bool = False,
) -> ir.Table:
    """Pour sources into sinks in their order, group by group, until one side is used up.

    Both sides are laid end to end on one line; between two neighbouring ends lies exactly one
    source and one sink. That needs a sort and equal joins only, so it stays linear however many
    documents a party has. `carry` are columns of the source to keep. `latest_first` turns the
    order of the sinks round.
    """
    sources = sources.filter(sources.amount > 0)
    sinks = sinks.filter(sinks.amount > 0)
    sinks = sinks.semi_join(sources.select(*on).distinct(), list(on))
    sources = sources.semi_join(sinks.select(*on).distinct(), list(on))
    s = _laid_out(sources, on, latest_first=False)
    k = _laid_out(sinks, on, latest_first=latest_first)
    one, none = ibis.literal(1, type="int64"), ibis.literal(0, type="int64")
    ends = union_all(
        [
            s.select(*on, end=s.end, of_source=one, of_sink=none),
            k.select(*on, end=k.end, of_source=none, of_sink=one),
        ]
    )
    ends = ends.group_by(*on, "end").agg(of_source=ends.of_source.max(), of_sink=ends.of_sink.max())
    group = [ends[name] for name in on]
    so_far = ibis.window(group_by=group, order_by=ends.end, preceding=None, following=0)
    before = ibis.window(group_by=group, order_by=ends.end)
    pieces = ends.mutate(
        source_no=ends.of_source.sum().over(so_far) - ends.of_source + 1,
        sink_no=ends.of_sink.sum().over(so_far) - ends.of_sink + 1,
        applied=money(ends.end - ibis.coalesce(ends.end.lag().over(before), 0)),
    ).select(*on, "source_no", "sink_no", "applied")
    return _named_pieces(pieces, s, k, on, carry)


def _laid_out(table: ir.Table, on: Sequence[str], *, latest_first: bool) -> ir.Table:
    order: list[Any] = [table.moment, table.connection, table.id]
    if latest_first:
        order = [column.desc() for column in order]
    if "method" in table.columns:
        order = [table.method, *order]
    group = [table[name] for name in on]
    to_here = ibis.window(group_by=group, order_by=order, preceding=None, following=0)
    return table.mutate(
        place=ibis.row_number().over(ibis.window(group_by=group, order_by=order)) + 1,
        end=money(table.amount.sum().over(to_here)),
    )


def _named_pieces(
    pieces: ir.Table, s: ir.Table, k: ir.Table, on: Sequence[str], carry: Sequence[str]
) -> ir.Table:
    sources = s.select(*on, *carry, source_no=s.place, from_connection=s.connection, from_id=s.id)
    keys = [name for name in ("connection", "id") if name not in on]
    sinks = k.select(*on, *keys, sink_no=k.place)
    found = pieces.inner_join(sources, [*on, "source_no"]).inner_join(sinks, [*on, "sink_no"])
    wanted = ["party_id", "connection", "id", "from_connection", "from_id", "applied", *carry]
    return found.select(*wanted)


def pair(
    sources: ir.Table,
    sinks: ir.Table,
    *,
    on: Sequence[str],
    carry: Sequence[str] = (),
    latest_first: bool = False,
) -> ir.Table:
    """One source to one sink of exactly the same amount: the k-th to the k-th in their order."""
    s = _laid_out(sources.filter(sources.amount > 0), [*on, "amount"], latest_first=latest_first)
    k = _laid_out(sinks.filter(sinks.amount > 0), [*on, "amount"], latest_first=latest_first)
    s = s.select(*on, *carry, "amount", "place", from_connection=s.connection, from_id=s.id)
    k = k.select(*on, "connection", "id", "amount", "place")
    found = k.inner_join(s, [*on, "amount", "place"])
    wanted = ["party_id", "connection", "id", "from_connection", "from_id"]
    return found.select(*wanted, *carry, applied=found.amount)
