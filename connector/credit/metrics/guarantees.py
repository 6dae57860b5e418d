"""Guarantees: what each is worth, how much of the exposure it reaches, and when it ends.

Worth = face × rate × (1 − FX haircut) × (1 − haircut of its kind) (vector GTEE-1). It reaches what
is due early enough to be claimed before it ends. Haircuts stand in the policy and are proposals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    RATE,
    convert,
    days_between,
    exact,
    join_left,
    joined,
    money,
    plus_days,
    when,
    zero,
)
from connector.credit.facts import BETWEEN, Facts
from connector.credit.metrics.papers import paper_rows
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.collateral import GuaranteesDoc
from connector.credit.policy.document import PolicyDoc

KEY = ["party_id", "seller"]


def held_guarantees(facts: Facts, rates: ir.Table, items: ir.Table, policy: PolicyDoc) -> ir.Table:
    """Guarantees in force, with face value and worth in company currency.

    `reach`: the last due date whose claim still falls into the guarantee's time (its last day less
    the claim days), null = it never ends. `long`: it reaches what is ordered today at the party's
    terms. In force on both its first and its last day; a missing date is open-ended.
    """
    rule, now = policy.collateral.guarantees, facts.as_of
    g = facts["guarantee"]
    g = g.filter(g.amount > 0, g.valid_from.isnull() | (g.valid_from <= now))
    g = in_base(g.filter(g.valid_to.isnull() | (g.valid_to >= now)), rates)
    g = g.mutate(seller=ibis.coalesce(g.selling_company, ""), face=convert(g.amount, g.rate))
    g = join_left(g, _currencies(items, facts, g), ["party_id"])
    g = join_left(g, _substitutes(g, facts, policy), ["party_id", "connection", "id"])
    claim = ibis.coalesce(g.claim_days, rule.claim_days)
    kept = (1 - ibis.coalesce(g.haircut, haircut_of(g.kind, rule))).cast(RATE)
    mixed = ibis.coalesce(
        (g.least_currency != g.currency) | (g.most_currency != g.currency),
        g.currency != facts.moment.currency.as_scalar(),
    )
    whole = ibis.ifelse(mixed, convert(g.face, exact(1 - rule.fx_haircut)), g.face)
    counts = ~g.kind.isin(list(rule.substitution)) | ibis.coalesce(g.stronger, False)
    soonest = plus_days(facts.as_of, ibis.coalesce(g.terms_days, policy.ageing.default_terms_days))
    reach = plus_days(g.valid_to, -claim)
    return g.select(
        *KEY, "connection", "id", "number", "kind", "guarantor", "currency", "amount", "valid_to",
        "face",
        worth=ibis.ifelse(counts, convert(whole, kept), zero()),
        reach=reach,
        long=reach.isnull() | (reach >= soonest),
        claim_days=claim,
        without_rate=g.rate.isnull(),
    )  # fmt: skip


def haircut_of(kind: Any, rule: GuaranteesDoc) -> Any:
    """The policy's haircut of a kind; all of it for a kind that the policy does not name."""
    whole = ibis.literal(1).cast(RATE)
    return when(*((kind == name, exact(h)) for name, h in rule.haircuts.items()), otherwise=whole)


def _currencies(items: ir.Table, facts: Facts, g: ir.Table) -> ir.Table:
    """Currencies of what a party owes, and its terms, for parties with a guarantee."""
    p = facts["party"]
    t = p.select("party_id", "terms_days").semi_join(g, "party_id")
    i = items.semi_join(g, "party_id")
    i = i.group_by("party_id").agg(least_currency=i.currency.min(), most_currency=i.currency.max())
    return join_left(t, i, ["party_id"])


def _substitutes(g: ir.Table, facts: Facts, policy: PolicyDoc) -> ir.Table:
    """Whether a guarantor stands better than the party it stands for.

    The guarantor's grade is the one that its guarantee states, else our own last one. An unrated
    party stands below every grade. Nobody stands for himself, and within one group only the head
    of it does: a sister falls with the party.
    """
    rank = {grade: number for number, grade in enumerate(policy.grade_names)}
    g = g.filter(g.kind.isin(list(policy.collateral.guarantees.substitution)))
    own = facts["prior"].filter(facts["prior"].selling_company == "")
    groups = facts["party"].select("party_id", "group_id")
    t = join_left(g, own.select("party_id", own_grade=own.grade), ["party_id"])
    t = join_left(t, groups, ["party_id"])
    known = facts["party"].filter(facts["party"].registration_no.notnull())
    known = known.group_by(guarantor_key=known.registration_no).agg(by_party=known.party_id.min())
    known = known.left_join(groups.rename(by_party="party_id", by_group="group_id"), "by_party")
    known = known.select("guarantor_key", "by_party", "by_group")
    graded = own.select(by_party=own.party_id, by_grade=own.grade)
    t = t.mutate(guarantor_key=spelled_key(t.guarantor_key))
    t = join_left(join_left(t, known, ["guarantor_key"]), graded, ["by_party"])
    theirs = _rank(ibis.coalesce(t.guarantor_grade, t.by_grade), rank)
    ours = ibis.coalesce(_rank(t.own_grade, rank), len(rank))
    related = ibis.coalesce(t.by_group == t.group_id, False)
    copied = t.party_id.startswith(joined([t.by_party, ibis.literal(BETWEEN)]))
    head = ibis.coalesce((t.by_party == t.group_id) & ~copied, False) & (t.by_party != t.party_id)
    better = ibis.coalesce(theirs < ours, False)
    return t.select("party_id", "connection", "id", stronger=better & (~related | head))


def spelled_key(key: Any) -> Any:
    """A guarantor's register number in the one spelling in which the ledger keeps it."""
    return key.upper().re_replace(r"[^0-9A-Z]", "")


def _rank(grade: Any, rank: dict[str, int]) -> Any:
    branches = [(grade == name, ibis.literal(n, type="int64")) for name, n in rank.items()]
    return when(*branches, otherwise=ibis.null("int64"))


def guarantee_sums(held: ir.Table, items: ir.Table, as_of: Any, alert_days: int) -> ir.Table:
    """What the guarantees of each (party, seller) reach, in company currency.

    What a guarantee reaches is contained in what a longer one reaches, so together they cover
    min over all of them of (claims within its reach + worth of the longer ones), and never more
    than their worth. `guarantees_first` is that minimum without, `guarantees_second` with the
    guarantees that also reach what is not invoiced yet; a later stage adds that part there.

    guarantees_face = Σ face value in force; guarantees_expiring = face value of those that end
    within the policy's longest warning; guarantee_next_expiry = the earliest last day, null when
    none ends.
    """
    reached = _reached(held, items)
    longer = ibis.window(
        group_by=[reached.party_id, reached.seller],
        order_by=[reached.long.desc(), reached.reach.isnull().desc(), reached.reach.desc(),
                  reached.connection, reached.id],
        preceding=None, following=0,
    )  # fmt: skip
    t = reached.mutate(up_to_here=money(reached.worth.sum().over(longer)))
    t = t.mutate(bound=money(t.covered + t.up_to_here - t.worth))
    t = t.group_by(*KEY).agg(
        guarantees_face=money(t.face.sum()),
        guarantees_worth=money(t.worth.sum()),
        short_bound=t.bound.min(where=~t.long),
        long_bound=t.bound.min(where=t.long),
        guarantee_next_expiry=t.valid_to.min(),
        guarantees_expiring=money(
            ibis.coalesce(
                t.face.sum(where=t.valid_to <= plus_days(as_of, ibis.literal(alert_days))), zero()
            )
        ),
        guarantees_held=t.count(),
        items_without_rate=t.count(where=t.without_rate),
    )
    first = ibis.least(ibis.coalesce(t.short_bound, t.guarantees_worth), t.guarantees_worth)
    return t.mutate(
        guarantees_first=money(first), guarantees_second=money(ibis.coalesce(t.long_bound, first))
    ).drop("short_bound", "long_bound")


def _reached(held: ir.Table, items: ir.Table) -> ir.Table:
    """Each guarantee with the open claims that fall due within its reach."""
    g = held.mutate(worth=ibis.coalesce(held.worth, zero()), face=ibis.coalesce(held.face, zero()))
    i = items.semi_join(g, "party_id").select("party_id", "due_date", "base", of_seller="seller")
    t = g.select(*KEY, "connection", "id", "reach").inner_join(i, "party_id")
    t = t.filter((t.seller == "") | (t.seller == t.of_seller))
    t = t.filter(t.reach.isnull() | (t.due_date <= t.reach))
    covered = t.group_by(*KEY, "connection", "id").agg(covered=money(t.base.sum()))
    g = join_left(g, covered, [*KEY, "connection", "id"])
    return g.mutate(covered=ibis.coalesce(g.covered, zero()))


def effective(t: ir.Table) -> Any:
    """Effective value: what the guarantees reach of the exposure, at most the net exposure.

    Reads guarantees_first, guarantees_second, open_receivables, gross_exposure and net_exposure.
    Without exposure it is 0: there is nothing to secure (GTEE-1, EXP-2).

    The metric guarantees_effective, in company currency.
    """
    not_invoiced = ibis.greatest(money(t.gross_exposure - t.open_receivables), zero())
    reached = ibis.least(t.guarantees_first, money(t.guarantees_second + not_invoiced))
    return money(ibis.least(reached, ibis.greatest(t.net_exposure, zero())))


def expiry_stage(t: ir.Table, as_of: Any, alert_days: Sequence[int]) -> Any:
    """How many of the policy's warning days before the next end of a guarantee have come.

    0 = none; null without a guarantee that ends.

    The metric guarantee_expiry_stage (EW15): with 90, 60 and 30 days, 2 means that 60 have come.
    """
    left = days_between(t.guarantee_next_expiry, as_of)
    stages = [(left <= days, n) for n, days in reversed(list(enumerate(alert_days, 1)))]
    stage = when(*((test, ibis.literal(n, type="int64")) for test, n in stages), otherwise=0)
    return ibis.ifelse(t.guarantee_next_expiry.notnull(), stage, ibis.null("int64"))


def needed_until(held: ir.Table, items: ir.Table) -> ir.Table:
    """Per party: the day until which guarantees are needed: last due date + claim days (GTEE-1).

    The metric guarantee_needed_until; null without a guarantee or without open items.
    """
    claims = held.group_by("party_id").agg(claim_days=held.claim_days.max())
    last = (
        items.semi_join(claims, "party_id").group_by("party_id").agg(last_due=items.due_date.max())
    )
    t = claims.inner_join(last, "party_id")
    return t.select("party_id", guarantee_needed_until=plus_days(t.last_due, t.claim_days))


def by_guarantor(held: ir.Table) -> ir.Table:
    """Worth per (party, seller, guarantor), for the sum of what one guarantor stands for."""
    member = ibis.coalesce(held.guarantor, "")
    return held.group_by(*KEY, member=member).agg(exposure=money(held.worth.sum()))


def _held(bench: Workbench) -> ir.Table:
    return bench.stage.once(
        "guarantees",
        lambda: held_guarantees(bench.facts, bench.rates, bench.items, bench.policy),
    )


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    alert = bench.policy.collateral.guarantees.alert_days
    held = _held(bench)
    return {"guarantees": guarantee_sums(held, bench.items, bench.as_of, max(alert))}


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    return {"guarantees_needed": needed_until(_held(bench), bench.items)}


def _breakdowns(bench: Workbench) -> dict[str, ir.Table]:
    return {"guarantor": by_guarantor(_held(bench))}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    alert = bench.policy.collateral.guarantees.alert_days
    return {
        "guarantees_effective": effective(t),
        "guarantee_expiry_stage": expiry_stage(t, bench.as_of, alert),
    }


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    """Guarantees in force, the first to end first; their last day stands as the due date."""
    g = _held(bench)
    left = days_between(g.valid_to, bench.as_of)
    return {"guarantees": paper_rows(g, "guarantee", -left, due_date=g.valid_to)}


AREA = Area(
    "guarantees", sums=_sums, of_party=_of_party, columns=_columns, breakdowns=_breakdowns,
    documents=_documents,
)  # fmt: skip
