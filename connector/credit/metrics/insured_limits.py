"""The insurer's limit for each customer, as it stands at the valuation date.

What the insurer cuts or withdraws counts for deliveries after its decision. A limit asked for is
none yet. Self-set limits end when an item is too late.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import convert, join_left, money, union_all, when, zero
from connector.credit.facts import Facts
from connector.credit.metrics.rates import in_base
from connector.credit.policy.collateral import InsuranceDoc

KEY = ["party_id", "seller"]
ROW = [*KEY, "policy_number"]
IN_FORCE = ("in_force", "reduced")
ENDED = ("withdrawn", "cancelled")
STRENGTH = {"named": 0, "discretionary": 1, "blind": 2}
"""Which limit counts when an insurer's policy gives a party several."""


def insured_limits(facts: Facts, rates: ir.Table, rule: InsuranceDoc) -> ir.Table:
    """The insured limit of each (party, seller, insurer's policy), in company currency.

    The last decision counts; a limit that was only requested decides nothing. `now`: the limit for
    new deliveries, 0 when withdrawn, refused, cancelled or outside its dates. `before`: the limit
    for what was delivered up to `cut_on`, the day of a cut. Self-set and blind limits are at most
    what the policy grants. What neither limit nor policy says comes from our own policy document.
    """
    now = facts.as_of
    t = _decided(facts, now)
    if rule.blind_cover:
        t = union_all([t, _blind(facts, t).select(*t.columns)])
    p = facts["insurance_policy"]
    p = in_base(p.filter(p.valid_from.isnull() | (p.valid_from <= now)), rates)
    newest = ibis.window(group_by=p.number, order_by=[p.valid_from.desc(), p.connection, p.id])
    p = p.mutate(place=ibis.row_number().over(newest))
    p = p.filter(p.place == 0).select(
        policy_number=p.number, insurer=p.insurer, policy_share=p.insured_share,
        claim_basis=p.claim_basis, first_loss=convert(p.first_loss, p.rate),
        max_liability=convert(p.max_liability, p.rate), policy_terms=p.max_terms_days,
        discretionary=convert(p.discretionary_amount, p.rate),
        blind=convert(p.blind_amount, p.rate), policy_until=p.valid_to, policy_seller=
        p.selling_company, extension_days=p.max_extension_days, wait_days=p.waiting_days,
        report_days=p.notification_days,
    )  # fmt: skip
    t = join_left(in_base(t, rates), p, ["policy_number"])
    return _measured(t, rule, now)


def _decided(facts: Facts, now: Any) -> ir.Table:
    """The last decision for each (party, seller, policy), with the amount before it."""
    t = facts["insured_limit"]
    decided = ibis.coalesce(t.decided_on, t.valid_from)
    t = t.mutate(
        seller=ibis.coalesce(t.selling_company, ""), kind=ibis.coalesce(t.kind, "named"),
        decided=decided,
    )  # fmt: skip
    t = t.filter(t.state != "requested", t.decided.isnull() | (t.decided <= now))
    strength = when(*((t.kind == k, n) for k, n in STRENGTH.items()), otherwise=len(STRENGTH))
    t = t.mutate(strength=strength)
    group = [t[name] for name in ROW]
    latest = [t.strength, t.decided.desc(), t.connection, t.id]
    place = ibis.row_number().over(ibis.window(group_by=group, order_by=latest))
    earlier = t.amount.lead().over(ibis.window(group_by=[*group, t.kind], order_by=latest))
    ended_at = ibis.ifelse(t.state.isin(list(ENDED)), t.amount, ibis.null("decimal(18, 4)"))
    t = t.mutate(place=place, was=ibis.coalesce(t.previous_amount, earlier, ended_at))
    return t.filter(t.place == 0).select(
        *ROW, "connection", "id", "number", "kind", "state", "currency", "amount", "was",
        "decided_on", "valid_from", "valid_to", "insured_share", "max_terms_days",
    )  # fmt: skip


def _blind(facts: Facts, own: ir.Table) -> ir.Table:
    """Blind cover of the parties without a limit of their own and without adverse events."""
    p = facts["insurance_policy"]
    p = p.filter(p.blind_amount > 0, p.valid_to.isnull() | (p.valid_to >= facts.as_of))
    s = facts["scope"]
    s = s.filter(s.in_scope).select("party_id").distinct().anti_join(own, "party_id")
    e = facts["event"]
    adverse = e.filter(e.severity >= 2, e.ended_on.isnull() | (e.ended_on > facts.as_of))
    t = s.anti_join(adverse, "party_id").cross_join(p.drop("valid_from", "valid_to"))
    no_day = ibis.null("date")
    return t.select(
        "party_id", "connection", "id", "currency", seller=ibis.coalesce(t.selling_company, ""),
        policy_number=t.number, number=ibis.null("string"), kind=ibis.literal("blind"),
        state=ibis.literal("in_force"), amount=t.blind_amount,
        was=ibis.null("decimal(18, 4)"), decided_on=no_day, valid_from=no_day, valid_to=no_day,
        insured_share=t.insured_share, max_terms_days=t.max_terms_days,
    )  # fmt: skip


def _measured(t: ir.Table, rule: InsuranceDoc, now: Any) -> ir.Table:
    """Amounts, dates and days of each limit, ready to be set against the open items."""
    most = when((t.kind == "discretionary", t.discretionary), (t.kind == "blind", t.blind))
    face = convert(t.amount, t.rate)
    face = ibis.ifelse(most.notnull(), ibis.least(face, most), face)
    was = convert(t.was, t.rate)
    until = ibis.least(t.valid_to, t.policy_until)
    ended = ibis.coalesce(until < now, False) | ibis.coalesce(t.valid_from > now, False)
    granted = ibis.ifelse(t.state.isin(list(IN_FORCE)), face, zero())
    cut = t.decided_on.notnull() & ibis.coalesce(was > granted, False)
    extension = ibis.coalesce(t.extension_days, rule.max_extension_days)
    lapse = ibis.least(extension, ibis.literal(rule.discretionary_lapse_days))
    return t.select(
        "party_id", "connection", "id", "number", "policy_number", "insurer", "kind", "state",
        "currency", "amount", "valid_from", "claim_basis", "first_loss", "max_liability",
        seller=ibis.ifelse(t.seller == "", ibis.coalesce(t.policy_seller, ""), t.seller),
        share=ibis.coalesce(t.insured_share, t.policy_share),
        granted=granted,
        now=ibis.ifelse(ended, zero(), granted),
        before=ibis.ifelse(cut, was, granted),
        cut_on=ibis.ifelse(cut, t.decided_on, ibis.null("date")),
        cut_by=ibis.ifelse(cut, money(was - granted), zero()),
        until=until,
        max_terms=ibis.coalesce(t.max_terms_days, t.policy_terms),
        extension_days=ibis.ifelse(t.kind == "discretionary", lapse, extension),
        report_days=ibis.coalesce(t.report_days, rule.notification_days),
        wait_days=ibis.coalesce(t.wait_days, rule.waiting_days),
    )  # fmt: skip
