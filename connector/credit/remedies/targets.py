"""What would help against a reason: one target a (party, reason), before anybody knows the result.

Targets are cheap to find; what each really brings about is told by deciding again on a copy of the
facts (`scenario`, `remedy`). Only the total row of a party gets remedies.

============ =================================================================================
`pay_items`        pay the undisputed part of every open item due on or before a date
`reduce_exposure`  pay an amount on account (orders and deliveries weigh on the limit, too)
`raise_limit`      approve a limit of that amount
`resolve_disputes` settle all disputes on open items
`provide_data`     nothing can be told before more is known; changes no facts
============ =================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.decision.verdict import Verdict, raised_flags
from connector.credit.expressions import (
    convert,
    exact,
    exact_money,
    money,
    plus_days,
    union_all,
    when,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.metrics.party import Book
from connector.credit.policy.document import CharacteristicDoc, PolicyDoc
from connector.credit.reasons.ranking import NOT_ENOUGH_DATA
from connector.domain.decision import TOTAL

PAY, REDUCE, RAISE = "pay_items", "reduce_exposure", "raise_limit"
RESOLVE, PROVIDE = "resolve_disputes", "provide_data"
COLUMNS = ("party_id", "code", "rank", "kind", "last_due", "amount")
_CENT = Decimal("0.01")
_SHARES = {
    "overdue_ratio": ("overdue", "open_receivables"),
    "overdue_ratio_undisputed": ("overdue_undisputed", None),
    "overdue_ratio_past_grace": ("overdue_past_grace", "open_receivables"),
}


def find_targets(
    verdict: Verdict, reasons: ir.Table, book: Book, policy: PolicyDoc, facts: Facts
) -> ir.Table:
    """Up to `policy.remedies` targets a party, in the order of its reasons."""
    r = reasons.filter(reasons.selling_company == TOTAL)
    r = r.select("party_id", "code", "rank", "source")
    t = verdict.parties.filter(verdict.parties.selling_company == TOTAL)
    bins = [f"bin_{line.id}" for line in policy.scorecard.characteristics]
    t = r.inner_join(t.select("party_id", *_FIGURES, *bins), "party_id")
    parts = [
        _flag_targets(t, policy, facts),
        *(_line_targets(t, line, facts) for line in policy.scorecard.characteristics),
        _data_targets(t),
    ]
    wishes = union_all([part.select(*_WISH) for part in parts if part is not None])
    found = _with_dates(wishes, book)
    window = ibis.window(group_by=found.party_id, order_by=[found["rank"], found.code])
    found = found.mutate(place=ibis.row_number().over(window))
    found = found.filter(found.place < policy.remedies).select(*COLUMNS)
    # Reasons with the same way back share it.
    paying = found.mutate(amount=ibis.ifelse(found.kind == PAY, zero(), found.amount))
    alike = ibis.window(group_by=[paying[n] for n in ("party_id", "kind", "last_due", "amount")])
    return paying.mutate(world_no=paying["rank"].min().over(alike))


_FIGURES = (
    "overdue", "overdue_undisputed", "overdue_past_grace", "open_receivables", "disputed",
    "net_exposure", "approved_state", "approved_amount", "proposed_state", "proposed_amount",
    "owed", "group_owed", "book_owed",
)  # fmt: skip
"""What targets are reckoned from."""

_WISH = ("party_id", "code", "rank", "kind", "bound", "amount")
"""A wish: pay what is due until `bound`, or pay `amount` from the oldest item on."""


def _wish(t: ir.Table, kind: Any, *, bound: Any = None, amount: Any = None) -> ir.Table:
    return t.select(
        "party_id", "code", "rank",
        kind=ibis.literal(kind) if isinstance(kind, str) else kind,
        bound=(ibis.null("date") if bound is None else bound).cast("date"),
        amount=(ibis.null("decimal(18, 4)") if amount is None else amount).cast("decimal(18, 4)"),
    )  # fmt: skip


def _flag_targets(t: ir.Table, policy: PolicyDoc, facts: Facts) -> ir.Table | None:
    of_flag = t.filter(t.source == "flag")
    wishes = []
    for code in raised_flags(policy):
        if code in _FLAG_WISHES:
            first = policy.flags[code].steps[0].above
            rows = of_flag.filter(of_flag.code == code)
            wishes.append(_FLAG_WISHES[code](rows, first, policy, facts))
    return union_all(wishes) if wishes else None


def _pay_oldest(t: ir.Table, first: Decimal, policy: PolicyDoc, facts: Facts) -> ir.Table:
    return _wish(t, PAY, bound=plus_days(facts.as_of, ibis.literal(-int(first) - 1)))


def _pay_share(t: ir.Table, first: Decimal, policy: PolicyDoc, facts: Facts) -> ir.Table:
    amount = to_pay_for_share(t.overdue_past_grace, t.open_receivables, first)
    return _wish(t, PAY, amount=amount)


def _back_below_limit(t: ir.Table, first: Decimal, policy: PolicyDoc, facts: Facts) -> ir.Table:
    return _exposure_wish(t, policy.hold.release_below, below=True)


def _more_room(t: ir.Table, first: Decimal, policy: PolicyDoc, facts: Facts) -> ir.Table:
    return _exposure_wish(t, first, below=False)


def _set_limit(t: ir.Table, first: Decimal, policy: PolicyDoc, facts: Facts) -> ir.Table:
    t = t.filter(t.proposed_state != "cash_only")
    kind = ibis.ifelse(t.proposed_state == "amount", RAISE, PROVIDE)
    return _wish(t, kind, amount=t.proposed_amount)


def _settle_disputes(t: ir.Table, first: Decimal, policy: PolicyDoc, facts: Facts) -> ir.Table:
    return _wish(t, RESOLVE)


def _back_within_share(t: ir.Table, first: Decimal, policy: PolicyDoc, facts: Facts) -> ir.Table:
    """Pay until the customer's and its group's part of the book is the allowed one.

    Nothing where the group's part is too large by more than this customer owes.
    """
    wanted = []
    for dimension, owed in (("party", t.owed), ("group", t.group_owed)):
        most = policy.concentration.limit_of(dimension, "exposure")
        if most is not None:
            wanted.append(to_pay_for_share(owed, t.book_owed, most * first))
    amount = ibis.greatest(zero(), *wanted)
    t = t.mutate(amount=amount)
    t = t.filter(t.amount > 0, t.amount <= t.owed)
    return _wish(t, PAY, amount=t.amount)


_FLAG_WISHES: dict[str, Callable[[ir.Table, Decimal, PolicyDoc, Facts], ir.Table]] = {
    "oldest_overdue": _pay_oldest,
    "overdue_heavy": _pay_share,
    "over_limit": _back_below_limit,
    "near_limit": _more_room,
    "no_valid_limit": _set_limit,
    "disputes_high": _settle_disputes,
    "concentration": _back_within_share,
}
"""What would have to happen for a flag to go, by its code; the second figure is its first step."""


def to_pay_for_share(part: Any, whole: Any, share: Decimal) -> Any:
    """Least x with (part − x) ÷ (whole − x) ≤ share: (part − share × whole) ÷ (1 − share)."""
    if share >= 1:
        return zero()
    lacking = money(part - convert(whole, exact(share)))
    # Rounded up to the next cent, so that the bound is really met.
    least = lacking.cast("float64") / float(1 - share)
    return ((least * 100).ceil() / 100).cast("decimal(18, 4)")


def _exposure_wish(t: ir.Table, share: Decimal, *, below: bool) -> ir.Table:
    """Raise the limit when the engine's own proposal suffices, else bring the exposure down."""
    limit = ibis.ifelse(t.approved_state == "amount", t.approved_amount, zero())
    line = convert(limit, exact(share))
    excess = money(t.net_exposure - line)
    amount = money(excess + exact_money(_CENT)) if below else excess
    new_line = convert(ibis.coalesce(t.proposed_amount, zero()), exact(share))
    enough = (new_line > t.net_exposure) if below else (new_line >= t.net_exposure)
    return _wish(
        t, ibis.ifelse(enough, RAISE, PAY), amount=ibis.ifelse(enough, t.proposed_amount, amount)
    )


def next_better(line: CharacteristicDoc) -> list[tuple[str, Decimal]]:
    """For each bin that loses points, upper bound of the nearest lower bin that gives more."""
    from connector.credit.decision.scorecard import bin_labels

    found = []
    for number, (item, label) in enumerate(zip(line.bins, bin_labels(line), strict=True)):
        better = [b for b in line.bins[:number] if b.points > item.points]
        if better and better[-1].up_to is not None:
            found.append((label, better[-1].up_to))
    return found


def _line_targets(t: ir.Table, line: CharacteristicDoc, facts: Facts) -> ir.Table | None:
    t = t.filter((t.source == "characteristic") & (t.code == line.id))
    if line.metric == "dispute_ratio":
        return _wish(t, RESOLVE)
    parts = []
    for label, bound in next_better(line):
        rows = t.filter(t[f"bin_{line.id}"] == label)
        if line.metric in _SHARES:
            part, whole = _SHARES[line.metric]
            total = rows[whole] if whole else money(rows.open_receivables - rows.disputed)
            parts.append(_wish(rows, PAY, amount=to_pay_for_share(rows[part], total, bound)))
        elif line.metric == "oldest_overdue_days":
            last = plus_days(facts.as_of, ibis.literal(-int(bound) - 1))
            parts.append(_wish(rows, PAY, bound=last))
        elif line.metric == "utilisation":
            parts.append(_exposure_wish(rows, bound, below=False))
    return union_all(parts) if parts else None


def _data_targets(t: ir.Table) -> ir.Table:
    return _wish(t.filter(t.code.isin([NOT_ENOUGH_DATA, "limit_manual"])), PROVIDE)


def _with_dates(wishes: ir.Table, book: Book) -> ir.Table:
    """Turn amounts and bounds of payments into the due date of a document.

    The first date up to which the open items add up to the amount, or the last due date within the
    bound. Where open items do not suffice, the amount is paid on account instead.
    """
    days = open_by_due_date(book)
    w = wishes.mutate(
        wanted=ibis.ifelse(wishes.kind == PAY, wishes.amount, ibis.null("decimal(18, 4)"))
    )
    seen = w.filter(w.kind == PAY).left_join(days, "party_id")
    reached = seen.so_far >= seen.wanted
    dates = seen.group_by("party_id", "code", "rank").agg(
        by_amount=seen.due_date.min(where=reached),
        by_bound=seen.due_date.max(where=seen.due_date <= seen.bound),
    )
    t = w.left_join(dates, ["party_id", "code", "rank"])
    last_due = ibis.ifelse(t.bound.notnull(), t.by_bound, t.by_amount)
    on_account = (t.kind == PAY) & last_due.isnull() & (t.wanted > 0)
    kind = when((on_account, REDUCE), otherwise=t.kind)
    found = t.select("party_id", "code", "rank", kind=kind, last_due=last_due, amount=t.amount)
    return found.filter(
        (found.kind != PAY) | found.last_due.notnull(), (found.kind != RAISE) | (found.amount > 0)
    )


def open_by_due_date(book: Book) -> ir.Table:
    """Undisputed open amounts by party and due date, with their running sum."""
    t = book.items
    t = t.filter(t.undisputed_open > 0, t.base_undisputed.notnull())
    t = t.group_by("party_id", "due_date").agg(amount=money(t.base_undisputed.sum()))
    to_here = ibis.window(group_by=t.party_id, order_by=t.due_date, preceding=None, following=0)
    return t.select("party_id", "due_date", so_far=money(t.amount.sum().over(to_here)))
