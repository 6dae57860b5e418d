"""Credit insurance: what the insured limits cover of the open items, and their clocks.

An invoice is covered only if it was delivered while the limit was valid, at terms the policy
allows, and before an overdue item stopped the cover; disputed parts are not insurable until they
are settled.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    RATE,
    convert,
    days_between,
    join_left,
    money,
    plus_days,
    ratio,
    when,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.metrics.insured_limits import KEY, ROW, insured_limits
from connector.credit.metrics.papers import paper_rows
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.collateral import InsuranceDoc


def clocks(t: ir.Table, rule: InsuranceDoc) -> dict[str, Any]:
    """Deadlines that run from `oldest_due`, the due date of the oldest undisputed open item.

    `extension_end`: last day on which paying harms no cover; afterwards new deliveries are not
    covered. `report_by`: last day to report it. `claim_from`: first day of a claim (INS-DATES).
    Reads also extension_days, report_days and wait_days.
    """
    extension_end = plus_days(t.oldest_due, t.extension_days)
    start = extension_end if rule.notification_from == "extension" else t.oldest_due
    return {
        "extension_end": extension_end,
        "report_by": plus_days(start, t.report_days),
        "claim_from": plus_days(t.oldest_due, t.wait_days),
    }


def claim_paid(covered: Any, share: Any, first_loss: Any, basis: Any) -> Any:
    """What the insurer pays on a covered loss, the first loss borne before or after the share.

    share_then_first_loss: share × covered − first loss; first_loss_then_share: share × (covered −
    first loss); not below 0 (INS-CLAIM). `covered` is the smaller of limit and insurable balance.
    """
    borne = ibis.coalesce(first_loss, zero())
    after = money(convert(covered, share) - borne)
    ahead = convert(ibis.greatest(money(covered - borne), zero()), share)
    paid = ibis.ifelse(basis == "first_loss_then_share", ahead, after)
    return ibis.greatest(money(ibis.coalesce(paid, after)), zero())


def covered_items(limits: ir.Table, items: ir.Table, facts: Facts, rule: InsuranceDoc) -> ir.Table:
    """Each limit with what it finds among the open items, in company currency.

    `insurable_before`, `insurable_after`: undisputed items delivered under cover up to the cut and
    since. `within`: what the limit takes of them; earlier deliveries keep the earlier limit, later
    ones get what that leaves of the present one. `too_long`: undisputed items at terms beyond the
    policy's. `oldest_due` and the clocks.
    """
    i = items.semi_join(limits, "party_id")
    d = facts["invoice"].semi_join(limits, "party_id")
    d = d.select("party_id", "connection", "id", "delivery_date")
    i = join_left(i, d, ["party_id", "connection", "id"])
    i = i.select(
        "party_id", "due_date", "base_undisputed", "invoice_date", of_seller=i.seller,
        delivered=ibis.coalesce(i.delivery_date, i.invoice_date),
    )  # fmt: skip
    i = i.filter(i.base_undisputed > 0)
    terms = ["valid_from", "until", "cut_on", "max_terms", "extension_days"]
    t = limits.select(*ROW, *terms).inner_join(i, "party_id")
    t = t.filter((t.seller == "") | (t.seller == t.of_seller))
    oldest = ibis.window(group_by=[t[name] for name in ROW])
    t = t.mutate(oldest_due=t.due_date.min().over(oldest))
    stopped = t.delivered > plus_days(t.oldest_due, t.extension_days)
    too_long = ibis.coalesce(days_between(t.due_date, t.invoice_date) > t.max_terms, False)
    inside = (t.valid_from.isnull() | (t.delivered >= t.valid_from)) & (
        t.until.isnull() | (t.delivered <= t.until)
    )
    early = ibis.coalesce(t.delivered <= t.cut_on, False)
    found = t.mutate(
        insurable=inside & ~stopped & ~too_long, early=early, too_long_now=too_long & inside
    )
    sums = found.group_by(*ROW).agg(
        oldest_due=found.due_date.min(),
        insurable_before=_sum(found, found.insurable & found.early),
        insurable_after=_sum(found, found.insurable & ~found.early),
        too_long=_sum(found, found.too_long_now),
    )
    t = join_left(limits, sums, ROW)
    return _within(t.mutate(**clocks(t, rule)))


def _sum(t: ir.Table, where: Any) -> Any:
    return money(ibis.coalesce(t.base_undisputed.sum(where=where), zero()))


def _within(t: ir.Table) -> ir.Table:
    early = ibis.coalesce(t.insurable_before, zero())
    late = ibis.coalesce(t.insurable_after, zero())
    of_early = ibis.least(early, t.before)
    left = ibis.greatest(money(t.granted - of_early), zero())
    t = t.mutate(
        insurable=money(early + late), within=money(of_early + ibis.least(late, left)),
        share=ibis.coalesce(t.share, ibis.literal(0).cast(RATE)), unclear=t.share.isnull(),
    )  # fmt: skip
    return t.mutate(
        cover=convert(t.within, t.share),
        claim=claim_paid(t.within, t.share, t.first_loss, t.claim_basis),
    )


def insurance_sums(covered: ir.Table, now: Any, rule: InsuranceDoc) -> ir.Table:
    """What the limits of each (party, seller) give together.

    A limit whose insured share nobody states covers nothing and is counted as unclear.

    insured_limits_unclear counts those limits. insured_limit_valid_to = the earliest end of a limit
    in force. insurance_terms_exceeded = undisputed open items at longer terms than the insurer
    allows, in company currency. insurance_extension_end, insurance_report_by and
    insurance_claim_from = the earliest of these clocks (INS-DATES), null without an item that
    starts them.
    """
    c = covered
    fresh = days_between(now, c.cut_on) <= rule.cut_watch_days
    return c.group_by(*KEY).agg(
        insured_limits=c.count(),
        insured_limit_sum=money(c.now.sum()),
        insurable_items=money(c.insurable.max()),
        within_limit=money(c.within.sum()),
        cover_of_items=money(c.cover.sum()),
        claim_of_items=money(c.claim.sum()),
        insurance_terms_exceeded=money(ibis.coalesce(c.too_long.max(), zero())),
        insured_limit_cut=money(ibis.coalesce(c.cut_by.sum(where=fresh), zero())),
        insured_limits_unclear=c.count(where=c.unclear),
        insured_limit_valid_to=c.until.min(where=c.now > 0),
        insurance_extension_end=c.extension_end.min(where=c.granted > 0),
        insurance_report_by=c.report_by.min(where=c.within > 0),
        insurance_claim_from=c.claim_from.min(where=c.within > 0),
    )


def of_parties(covered: ir.Table) -> ir.Table:
    """Per party: the largest insured share, and the day of the last cut.

    insured_share is a fraction; insured_limit_cut_on a date, null when nothing was cut.
    """
    c = covered
    return c.group_by("party_id").agg(
        insured_share=c.share.max(), insured_limit_cut_on=c.cut_on.max()
    )


def cover(t: ir.Table) -> dict[str, Any]:
    """Insurable balance, cover, claim and what stands above the limit (EXP-2, INS-CLAIM).

    Insurable balance = insurable items − unmatched cash − open credit notes; cover is at most the
    insured share of it. The first loss is borne once a year over all customers, so it lowers the
    claim and not the cover. Null without an insured limit.

    insured_limit = Σ of the limits for new deliveries; insurable_balance as above; insurance_cover
    = Σ share × what the limits take, at most share × balance; insurance_claim = the cover less the
    first loss (INS-CLAIM); above_insured_limit = balance − what the limits take of it, at least 0;
    insured_limit_cut_share = cut within the policy's watch ÷ (cut + limit), a fraction.
    """
    less = ibis.greatest(money(t.unapplied_cash + t.open_credit_notes), zero())
    balance = ibis.greatest(money(t.insurable_items - less), zero())
    most = convert(balance, ibis.coalesce(t.insured_share, ibis.literal(0).cast(RATE)))
    has = t.insured_limits > 0

    def only(value: Any) -> Any:
        return ibis.ifelse(has, money(value), ibis.null("decimal(18, 4)"))

    return {
        "insured_limit": only(t.insured_limit_sum),
        "insurable_balance": only(balance),
        "insurance_cover": only(ibis.least(t.cover_of_items, most)),
        "insurance_claim": only(ibis.least(t.claim_of_items, most)),
        "above_insured_limit": only(
            ibis.greatest(money(balance - ibis.least(t.within_limit, balance)), zero())
        ),
        "insured_limit_cut_share": ratio(
            t.insured_limit_cut, money(t.insured_limit_cut + t.insured_limit_sum)
        ),
    }


def insurance_clock(t: ir.Table, as_of: Any, rule: InsuranceDoc) -> dict[str, Any]:
    """Where the insurer's clocks stand.

    `cover_stopped_days`: days since the maximum extension of the oldest item ended; null while new
    deliveries are covered, or without a limit. `insurance_report_stage`: 1 covered items are late
    beyond the extension, 2 the deadline of reporting is near, 3 it has passed; 0 = none.
    """
    beyond = days_between(as_of, t.insurance_extension_end)
    stopped = (beyond > 0) & (t.insured_limit_sum > 0)
    left = days_between(t.insurance_report_by, as_of)
    stage = when(
        ((t.within_limit <= 0) | (beyond <= 0), ibis.literal(0, type="int64")),
        (left < 0, ibis.literal(3, type="int64")),
        (left <= rule.report_alert_days, ibis.literal(2, type="int64")),
        (beyond > 0, ibis.literal(1, type="int64")),
        otherwise=0,
    )
    return {
        "cover_stopped_days": ibis.ifelse(
            ibis.coalesce(stopped, False), beyond, ibis.null("int64")
        ),
        "insurance_report_stage": stage,
    }


def by_insurer(covered: ir.Table) -> ir.Table:
    """Cover per (party, seller, insurer), for the sum of what one insurer stands for."""
    member = ibis.coalesce(covered.insurer, covered.policy_number)
    return covered.group_by(*KEY, member=member).agg(exposure=money(covered.cover.sum()))


def policy_use(covered: ir.Table) -> ir.Table:
    """One row an insurer's policy: cover over all parties against the policy's most.

    `payable` = what would be paid if every covered item were lost: the cover less the first loss,
    which is borne once, at most `max_liability`.
    """
    c = covered
    t = c.group_by("policy_number").agg(
        insurer=c.insurer.min(), parties=c.party_id.nunique(), cover=money(c.cover.sum()),
        first_loss=c.first_loss.max(), max_liability=c.max_liability.max(),
    )  # fmt: skip
    net = ibis.greatest(money(t.cover - ibis.coalesce(t.first_loss, zero())), zero())
    payable = ibis.ifelse(t.max_liability.notnull(), ibis.least(net, t.max_liability), net)
    return t.mutate(payable=money(payable), beyond_liability=money(net - payable))


def _covered(bench: Workbench) -> ir.Table:
    rule, facts = bench.policy.collateral.insurance, bench.facts
    limits = bench.stage.once("insured", lambda: insured_limits(facts, bench.rates, rule))
    return bench.stage.once(
        "insured_items", lambda: covered_items(limits, bench.items, facts, rule)
    )


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    rule = bench.policy.collateral.insurance
    return {"insurance": insurance_sums(_covered(bench), bench.as_of, rule)}


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    return {"insured_share": of_parties(_covered(bench))}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return {**cover(t), **insurance_clock(t, bench.as_of, bench.policy.collateral.insurance)}


def _breakdowns(bench: Workbench) -> dict[str, ir.Table]:
    return {"insurer": by_insurer(_covered(bench))}


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    """Insured limits, the one cut last first; their last day stands as the due date."""
    c = _covered(bench)
    since = days_between(bench.as_of, c.cut_on)
    return {"insured_limits": paper_rows(c, "insured_limit", -since, due_date=c.until)}


AREA = Area(
    "insurance", sums=_sums, of_party=_of_party, columns=_columns, breakdowns=_breakdowns,
    documents=_documents,
)  # fmt: skip
