"""Bills received: what they still put at risk, on whom, and when they have to be presented.

A bill settles the invoice and is no cash until it is honoured: the risk moves to the acceptor, or
stays with the customer where the policy says so. Endorsed or discounted with recourse it is a
contingent risk. A dishonoured bill settles nothing any more: its invoice is open again.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    convert,
    days_between,
    join_left,
    money,
    plus_days,
    when,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.metrics.papers import paper_rows
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.collateral import BillsDoc
from connector.credit.settlement.bills import bills_at

ON_HAND = ("held", "pledged", "presented")
PASSED_ON = ("endorsed", "discounted")
TO_PRESENT = ("held", "pledged")


def running_bills(facts: Facts, rates: ir.Table, items: ir.Table, rule: BillsDoc) -> ir.Table:
    """Bills that are neither honoured nor given back, in company currency, one row each.

    `at_risk`: on hand, or passed on with recourse (not stated counts as with recourse), on the
    customer or on the acceptor by kind. `revived`: dishonoured, while the invoice it names is
    nowhere open, because the books still take it for paid; otherwise the open invoice says it.
    """
    b = bills_at(facts)
    b = b.filter(b.state.isin([*ON_HAND, *PASSED_ON, "dishonoured"]))
    b = in_base(b, rates)
    b = b.mutate(seller=ibis.coalesce(b.selling_company, ""), base=convert(b.amount, b.rate))
    i = items.semi_join(b, "party_id")
    still = i.group_by("party_id", invoice_number=i.number).agg(still_open=money(i.open.sum()))
    b = join_left(b, still, ["party_id", "invoice_number"])
    passed = b.state.isin(list(PASSED_ON)) & ibis.coalesce(b.recourse, True)
    at_risk = b.state.isin(list(ON_HAND)) | passed
    revived = (b.state == "dishonoured") & b.invoice_number.notnull() & b.still_open.isnull()
    return b.select(
        "party_id", "seller", "connection", "id", "number", "kind", "state", "acceptor", "currency",
        "amount", "base", "matures_on", "state_since", at_risk=at_risk, passed_on=passed,
        on_customer=b.kind.isin(list(rule.on_customer)), revived=revived,
        present_by=plus_days(b.matures_on, ibis.literal(rule.presentation_days)),
        due_date=b.matures_on,
    )  # fmt: skip


def bill_sums(bills: ir.Table, as_of: Any, rule: BillsDoc) -> ir.Table:
    """Bills of each (party, seller) in company currency.

    `bills_exposure` is what stays on the customer until honoured, and dishonoured bills that no
    open invoice tells; `bills_on_acceptors` what stands for the acceptors.

    Company currency: bills_on_hand (held, pledged, presented), bills_contingent (passed on with
    recourse), bills_dishonoured, bills_to_present (waiting and maturing within the alert days).
    bills_dishonoured_count is a count; bill_next_maturity and bill_present_by the earliest days of
    bills that wait to be presented, null without one.
    """
    b = bills
    waiting = b.state.isin(list(TO_PRESENT)) & b.matures_on.notnull()
    soon = waiting & (b.matures_on <= plus_days(as_of, ibis.literal(rule.alert_days)))
    dishonoured = b.state == "dishonoured"

    def total(where: Any) -> Any:
        return money(ibis.coalesce(b.base.sum(where=where), zero()))

    return b.group_by("party_id", "seller").agg(
        bills_on_hand=total(b.state.isin(list(ON_HAND))),
        bills_contingent=total(b.passed_on),
        bills_exposure=total((b.at_risk & b.on_customer) | b.revived),
        bills_on_acceptors=total(b.at_risk & ~b.on_customer),
        bills_dishonoured=total(dishonoured),
        bills_dishonoured_count=b.count(where=dishonoured),
        bill_dishonoured_on=b.state_since.min(where=dishonoured),
        bills_to_present=total(soon),
        bill_next_maturity=b.matures_on.min(where=waiting),
        bill_present_by=b.present_by.min(where=waiting),
        items_without_rate=b.count(where=b.base.isnull()),
    )


def presentation_stage(t: ir.Table, as_of: Any, rule: BillsDoc) -> Any:
    """1 a bill on hand matures within the alert days, 2 it has matured, 3 its time has passed.

    0 = later; null without a bill that waits to be presented.

    The metric bill_stage.
    """
    soonest = days_between(t.bill_next_maturity, as_of)
    stage = when(
        (t.bill_present_by < as_of, ibis.literal(3, type="int64")),
        (soonest <= 0, ibis.literal(2, type="int64")),
        (soonest <= rule.alert_days, ibis.literal(1, type="int64")),
        otherwise=0,
    )
    return ibis.ifelse(t.bill_next_maturity.notnull(), stage, ibis.null("int64"))


def by_acceptor(bills: ir.Table) -> ir.Table:
    """Bills at risk per (party, seller, acceptor), for the sum of what one acceptor owes."""
    b = bills.filter(bills.at_risk)
    return b.group_by("party_id", "seller", member=ibis.coalesce(b.acceptor, "")).agg(
        exposure=money(b.base.sum())
    )


def _bills(bench: Workbench) -> ir.Table:
    rule = bench.policy.collateral.bills
    return bench.stage.once(
        "bills", lambda: running_bills(bench.facts, bench.rates, bench.items, rule)
    )


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    return {"bills": bill_sums(_bills(bench), bench.as_of, bench.policy.collateral.bills)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return {"bill_stage": presentation_stage(t, bench.as_of, bench.policy.collateral.bills)}


def _breakdowns(bench: Workbench) -> dict[str, ir.Table]:
    return {"acceptor": by_acceptor(_bills(bench))}


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    """Dishonoured bills, the largest first; bills to be presented, the first to mature first."""
    b = _bills(bench)
    gone = b.filter(b.state == "dishonoured")
    waiting = b.filter(b.state.isin(list(TO_PRESENT)), b.matures_on.notnull())
    left = days_between(waiting.matures_on, bench.as_of)
    return {
        "bills_dishonoured": paper_rows(gone, "bill", gone.base),
        "bills_to_present": paper_rows(waiting, "bill", -left),
    }


AREA = Area("bills", sums=_sums, columns=_columns, breakdowns=_breakdowns, documents=_documents)
