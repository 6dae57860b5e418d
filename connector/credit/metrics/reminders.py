"""How far reminding has come by the calendar of the policy (催收级别).

We only say which level a customer has reached, for tasks and conditions, and send no letters.
Disputed items are never reminded of, items inside grace neither, nor amounts that are not worth the
reminder. For a customer in insolvency a claim is filed instead: its hard stop stands beside this
figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import exact_money, month_end, plus_days
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.procedure import ReminderDoc, RemindersDoc


def reminder_dates(due_date: Any, levels: Sequence[ReminderDoc]) -> list[Any]:
    """Day of each reminder to an item due on `due_date` (vector DUN-1).

    A level that is counted from the one before follows it by its days, however late the reminder
    was really sent.
    """
    dates: list[Any] = []
    for level in levels:
        starts = {"due_date": due_date, "due_month_end": month_end(due_date)}
        start = dates[-1] if level.after == "previous" else starts[level.after]
        dates.append(plus_days(start, ibis.literal(level.days)))
    return dates


def reminder_level(t: ir.Table, rule: RemindersDoc, as_of: Any) -> Any:
    """Number of reminders that are due for the oldest undisputed item; 0 for none.

    `t` has oldest_due_date and overdue_past_grace. All levels move with the due date in one
    direction, so the oldest item has the highest one. Null when the policy has no levels.

    The metric reminder_level (DUN-1).
    """
    if not rule.levels:
        return ibis.null("int64")
    reached = sum(
        (
            ibis.coalesce(day <= as_of, False).cast("int64")
            for day in reminder_dates(t.oldest_due_date, rule.levels)
        ),
        start=ibis.literal(0, type="int64"),
    )
    worth = (t.overdue_past_grace > 0) & (t.overdue_past_grace >= exact_money(rule.min_amount))
    return ibis.ifelse(ibis.coalesce(worth, False), reached, ibis.literal(0, type="int64"))


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return {"reminder_level": reminder_level(t, bench.policy.reminders, bench.as_of)}


AREA = Area("reminders", columns=_columns)
