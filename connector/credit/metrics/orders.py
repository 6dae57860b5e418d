"""Orders against the customer's own pattern: spikes, stops, and large ones after a pause.

Months are blocks of 30 days that end on the valuation date, so that a month that has only begun is
never compared with whole ones. Confirmed orders count, drafts and cancelled ones do not.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    convert,
    days_between,
    exact,
    joined,
    money,
    per_unit,
    ratio,
    union_all,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.metrics.papers import paper_rows
from connector.credit.metrics.pattern import deviation
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.behaviour import OrdersDoc

BLOCK_DAYS = 30
BLOCKS = 12
"""So many months before the last one make the pattern."""

CONFIRMED = ("open", "fulfilled")
HISTORY_DAYS = BLOCK_DAYS * (BLOCKS + 1)
_RUN = r"^0*(1+0?1*)"


def confirmed_orders(facts: Facts, rates: ir.Table) -> ir.Table:
    """Confirmed orders up to the valuation date, in company currency, with their age and span.

    `span`: days from the order to its planned shipping, at least 1.
    """
    o = facts["order"]
    o = o.filter(o.order_date <= facts.as_of, o.state.isin(list(CONFIRMED)), o.amount > 0)
    o = in_base(o, rates)
    span = ibis.coalesce(days_between(o.ship_date, o.order_date), 1)
    return o.select(
        "party_id", "order_date", base=convert(o.amount, o.rate),
        days_ago=days_between(facts.as_of, o.order_date).cast("int32"),
        span=ibis.greatest(span, 1).cast("int32"),
    )  # fmt: skip


def order_blocks(orders: ir.Table, bulk_days: int) -> ir.Table:
    """Order amounts of 13 blocks a party, `block_0` the last 30 days.

    A bulk order, which ships later than `bulk_days` after its date, is spread evenly over that
    time: an order for half a year is not six times the usual month.
    """
    plain = orders.filter(orders.span <= bulk_days)
    block = plain.days_ago // BLOCK_DAYS
    parts = [
        plain.group_by("party_id").agg(
            **{f"block_{n}": _total(plain.base, block == n) for n in range(BLOCKS + 1)}
        )
    ]
    bulk = orders.filter(orders.span > bulk_days)
    parts.append(
        bulk.group_by("party_id").agg(
            **{f"block_{n}": _total(_share_of_block(bulk, n)) for n in range(BLOCKS + 1)}
        )
    )
    t = union_all(parts)
    return t.group_by("party_id").agg(
        **{f"block_{n}": money(t[f"block_{n}"].sum()) for n in range(BLOCKS + 1)}
    )


def _share_of_block(t: ir.Table, number: int) -> Any:
    """What of a spread order falls into the block: days in common ÷ its span."""
    oldest, newest = (number + 1) * BLOCK_DAYS - 1, number * BLOCK_DAYS
    last = t.days_ago - t.span + 1
    days = ibis.least(t.days_ago, oldest) - ibis.greatest(last, newest) + 1
    days = ibis.greatest(days, 0).cast("int32")
    return per_unit(t.base.cast("decimal(24, 4)") * days, t.span)


def _total(amount: Any, where: Any = None) -> Any:
    return money(ibis.coalesce(amount.sum(where=where), zero()))


def order_dates(orders: ir.Table) -> ir.Table:
    """First and last orders and the largest ones, per party, recent apart from earlier."""
    recent = orders.days_ago < BLOCK_DAYS
    return orders.group_by("party_id").agg(
        first_order=orders.order_date.min(),
        last_order=orders.order_date.max(),
        last_earlier=orders.order_date.max(where=~recent),
        first_recent=orders.order_date.min(where=recent),
        largest_earlier=orders.base.max(where=~recent),
        largest_recent=orders.base.max(where=recent),
    )


def months_in_row(t: ir.Table) -> Any:
    """Months with orders in a row, back from the last one; one empty month between is forgiven.

    Blocks of 30 days and a purchase on the same day of each month drift apart; without the gap a
    monthly buyer would lose its row about once a year.
    """
    marks = [
        ibis.ifelse(t[f"block_{n}"] > 0, ibis.literal("1"), ibis.literal("0"))
        for n in range(BLOCKS + 1)
    ]
    return joined(marks).re_extract(_RUN, 1).replace("0", "").length().cast("int64")


def usual_month(t: ir.Table) -> tuple[Any, Any]:
    """Mean and standard deviation (population form) of the twelve blocks before the last."""
    amounts = [t[f"block_{n}"].cast("float64") for n in range(1, BLOCKS + 1)]
    total = sum(amounts[1:], start=amounts[0])
    mean = total / BLOCKS
    squares = [(amount - mean) * (amount - mean) for amount in amounts]
    wide = (sum(squares[1:], start=squares[0]) / BLOCKS).sqrt()
    return money(mean.round(4)), money(wide.round(4))


def order_score(last: Any, usual: Any, wide: Any, least_spread: Any) -> Any:
    """(last month − usual month) ÷ spread (vector EWI-ORDERSPIKE).

    The spread is at least that share of the usual month, or every small change of a very even
    buyer would be a spike. Null when there is no usual month.
    """
    least = (usual.cast("decimal(28, 10)") * least_spread).cast("decimal(18, 4)")
    return ibis.ifelse(usual > 0, deviation(last, usual, wide, least), ibis.null("decimal(18, 10)"))


def order_pattern(blocks: ir.Table, dates: ir.Table, as_of: Any, rule: OrdersDoc) -> ir.Table:
    """The pattern of each party that ever ordered, one row a party.

    `order_score` and `orders_usual` need orders that reach back over all blocks; a shorter history
    has no pattern. `order_pause_days` is the time without an order before the first of the last
    month, `order_to_largest` the largest recent order ÷ the largest earlier one.

    orders_recent = orders of the last 30 days, orders_usual = the mean of the twelve months before,
    in company currency; order_ratio = the one ÷ the other; order_months see `months_in_row`;
    last_order a date. Null for a party that never ordered.
    """
    t = dates.left_join(blocks, "party_id").drop("party_id_right")
    usual, wide = usual_month(t)
    t = t.mutate(usual=usual, wide=wide, long=days_between(as_of, t.first_order) >= HISTORY_DAYS)
    score = order_score(t.block_0, t.usual, t.wide, exact(rule.least_spread))
    none, unknown = ibis.null("decimal(18, 4)"), ibis.null("decimal(18, 10)")
    pause = days_between(t.first_recent, t.last_earlier)
    return t.select(
        "party_id", "last_order", "largest_recent",
        orders_recent=t.block_0,
        orders_usual=ibis.ifelse(t.long, t.usual, none),
        order_score=ibis.ifelse(t.long, score, unknown),
        order_ratio=ibis.ifelse(t.long, ratio(t.block_0, t.usual), unknown),
        order_months=months_in_row(t),
        orders_before=money(ibis.coalesce(t.usual, zero())),
        order_pause_days=pause,
        order_to_largest=ratio(t.largest_recent, t.largest_earlier),
    )  # fmt: skip


def order_columns(t: ir.Table, as_of: Any, rule: OrdersDoc) -> dict[str, Any]:
    """What of the pattern is a sign by itself; null when it does not apply.

    `order_gap_days`: days since the last order of a regular buyer. `order_after_pause`: the
    largest recent order ÷ the largest earlier one, after a pause. `first_order_share`: the largest
    recent order of a new customer ÷ its limit.
    """
    unknown = ibis.null("decimal(18, 10)")
    regular = t.order_months >= rule.regular_months
    paused = t.order_pause_days >= rule.dormant_days
    fresh = (t.customer_age_days < rule.new_customer_days) & (t.approved_state == "amount")
    gap = ibis.ifelse(regular, days_between(as_of, t.last_order), ibis.null("int64"))
    return {
        "order_gap_days": gap.cast("decimal(18, 4)"),
        "order_after_pause": ibis.ifelse(paused, t.order_to_largest, unknown),
        "first_order_share": ibis.ifelse(
            fresh, ratio(t.largest_recent, t.approved_amount), unknown
        ),
    }


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    rule = bench.policy.behaviour.orders
    orders = confirmed_orders(bench.facts, bench.rates)
    blocks = bench.stage.keep("order_blocks", order_blocks(orders, rule.bulk_days))
    dates = bench.stage.keep("order_dates", order_dates(orders))
    return {"orders": order_pattern(blocks, dates, bench.as_of, rule)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return order_columns(t, bench.as_of, bench.policy.behaviour.orders)


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    """Confirmed orders, the latest first."""
    o = bench.facts["order"]
    o = o.filter(o.order_date <= bench.as_of, o.state.isin(list(CONFIRMED)), o.amount > 0)
    ago = days_between(bench.as_of, o.order_date)
    return {"orders": paper_rows(o, "order", -ago, due_date=o.ship_date)}


AREA = Area("order_pattern", of_party=_of_party, columns=_columns, documents=_documents)
