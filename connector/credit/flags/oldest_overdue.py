"""oldest_overdue (early-warning indicator EW01).

Finds: undisputed items that have been past due for a long time.
Value: days past due of the oldest of them that stands beyond the highest threshold reached.
Steps: days past due; the amount beyond a step has to reach the materiality floor by itself.
Quiet when: only disputed items are late, or the late ones are small change.
Way back: pay what is past due beyond the first step.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import date_text, join_left, money, when, zero
from connector.credit.flags.finding import FlagCard, FlagContext, answer, floor_of
from connector.credit.metrics.receivables import roll_up

CARD = FlagCard(
    code="oldest_overdue",
    unit="days",
    owner="sales",
    evidence="overdue",
    name="Long overdue",
    text="An invoice due on {due_date} is still unpaid (more than {threshold} late).",
    playbook="Call the customer, ask for the date of payment and note it as a promise.",
    closes="The invoice is paid, or its dispute is registered.",
    customer="An invoice due on {due_date} is still unpaid.",
)


def find(context: FlagContext) -> ir.Table:
    """Parties with a material undisputed amount past due beyond a step."""
    rule, items = context.rule, context.items
    beyond = {
        f"beyond_{n}": money(
            ibis.coalesce(items.base_undisputed.sum(where=items.days_past_due > step.above), zero())
        )
        for n, step in enumerate(rule.steps)
    }
    sums = roll_up(items.group_by("party_id", seller=items.seller).agg(**beyond))
    p = context.parties
    known = p.select(
        "party_id", "selling_company", "open_receivables", "oldest_due_date",
        "oldest_overdue_days", the_floor=floor_of(p, rule),
    )  # fmt: skip
    t = join_left(known, sums, ["party_id", "selling_company"])
    places = list(enumerate(rule.steps))[::-1]
    weighty = [(t[f"beyond_{n}"] > 0) & (t[f"beyond_{n}"] >= t.the_floor) for n, _ in places]
    amount = when(*((w, t[f"beyond_{n}"]) for w, (n, _) in zip(weighty, places, strict=True)))
    # The step that is material decides, so a small item of long standing stays a small matter.
    level = when(*((w, step.above + 1) for w, (_, step) in zip(weighty, places, strict=True)))
    t = t.mutate(level=level.cast("decimal(18, 4)"), beyond=amount)
    found = answer(
        t, CARD, rule, value=t.level, amount=t.beyond,
        params={"due_date": date_text(t.oldest_due_date)},
    )  # fmt: skip
    ages = t.select("party_id", "selling_company", age=t.oldest_overdue_days.cast("int64"))
    found = join_left(found, ages, ["party_id", "selling_company"])
    return found.mutate(value=found.age.cast("string")).drop("age")
