"""A copy of the facts in which every remedy has happened, each in a world of its own.

For each target the party is copied under a new id with all its facts, and the remedy is applied to
that copy. The same program then decides on all copies at once, so what a remedy states is what a
decision says, not an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import joined, money, no_text, union_all
from connector.credit.facts import BETWEEN, LINKED, OURS, Facts
from connector.credit.metrics.guarantees import spelled_key
from connector.credit.metrics.party import Book
from connector.credit.portfolio.shares import surroundings
from connector.credit.program import Builder
from connector.credit.remedies.targets import PAY, PROVIDE, RAISE, REDUCE, RESOLVE
from connector.domain.decision import TOTAL

MARK = "remedy"
"""Connection and id prefix of what a remedy adds."""


@dataclass(frozen=True)
class Scene:
    """The worlds, and the items that are paid in them."""

    worlds: ir.Table
    paid: ir.Table


def build_scenario(
    stage: Builder, facts: Facts, book: Book, targets: ir.Table, portfolio: ir.Table
) -> Scene:
    """Stages `alt_<input>`: the inputs of the second calculation."""
    worlds = stage.keep("worlds", worlds_of(targets))
    paid = stage.keep("paid_items", paid_items(worlds, book))
    for name in LINKED:
        if name not in ("invoice", "payment", "dispute"):
            stage.keep(f"alt_{name}", _copied(facts[name], worlds))
    stage.keep("alt_dispute", _disputes(facts["dispute"], worlds))
    stage.keep("alt_invoice", _invoices(facts["invoice"], worlds, paid))
    stage.keep("alt_payment", _payments(facts, worlds, paid))
    for name in (*OURS, "calendar"):
        stage.keep(f"alt_{name}", facts[name])
    for name in ("scope", "prior_flag", "hard_stop", "agency", "usage"):
        stage.keep(f"alt_{name}", _copied(facts[name], worlds))
    vouching = stage.keep("vouching", guarantors(facts))
    for name in ("party", "prior"):
        stays = facts[name].semi_join(vouching, "party_id")
        stage.keep(f"alt_{name}", union_all([_copied(facts[name], worlds), stays]))
    stage.keep("alt_surrounding", surroundings(book.parties, worlds))
    stage.keep("alt_approved", _approved(facts, worlds))
    stage.keep("alt_fx", facts["fx"])
    moment = facts.moment.drop("portfolio_sales").cross_join(portfolio)
    stage.keep("alt_moment", moment.select(*facts.moment.columns))
    return Scene(worlds, paid)


def guarantors(facts: Facts) -> ir.Table:
    """Parties that guarantee for others: who they are and how graded stays as it is in each world,
    whether they have copies or not."""
    named = facts["guarantee"].filter(facts["guarantee"].guarantor_key.notnull())
    named = named.select(registration_no=spelled_key(named.guarantor_key)).distinct()
    return facts["party"].semi_join(named, "registration_no").select("party_id").distinct()


def worlds_of(targets: ir.Table) -> ir.Table:
    """One world for each way back that changes facts: `world` is the copy's party id."""
    t = targets.filter(targets.kind != PROVIDE)
    return t.select("party_id", "kind", "last_due", "amount", world=world_of(t)).distinct()


def world_of(targets: ir.Table) -> Any:
    """Id of a party's copy."""
    return joined([targets.party_id, ibis.literal(BETWEEN), targets.world_no.cast("string")])


def _copied(t: ir.Table, worlds: ir.Table) -> ir.Table:
    copy = t.inner_join(worlds.select("party_id", "world"), "party_id")
    return copy.select(**{n: copy.world if n == "party_id" else copy[n] for n in t.columns})


def paid_items(worlds: ir.Table, book: Book) -> ir.Table:
    """Open items that a world pays: the undisputed part of all that is due until its date."""
    w = worlds.filter(worlds.kind == PAY).select("party_id", "world", "last_due")
    i = book.items.filter(book.items.undisputed_open > 0)
    t = i.inner_join(w, "party_id")
    t = t.filter(t.due_date <= t.last_due)
    # An invoice in parts is several items but gets one payment.
    whole = ("party_id", "world", "connection", "id", "number", "currency", "seller")
    return t.group_by(*whole).agg(
        due_date=t.due_date.min(), paid=money(t.undisputed_open.sum()),
        base=money(t.base_undisputed.sum()),
    )  # fmt: skip


def _invoices(invoices: ir.Table, worlds: ir.Table, paid: ir.Table) -> ir.Table:
    """Where the source keeps an open amount it falls by what is paid; settled disputes are gone."""
    t = invoices.inner_join(worlds.select("party_id", "world", "kind"), "party_id")
    less = paid.select("world", "connection", "id", "paid")
    t = t.left_join(less, ["world", "connection", "id"])
    settled = t.kind == RESOLVE
    changes: dict[str, Any] = {
        "party_id": t.world,
        "open_amount": money(t.open_amount - ibis.coalesce(t.paid, 0)),
        "disputed": ibis.ifelse(settled, False, t.disputed),
        "disputed_amount": ibis.ifelse(settled, ibis.null("decimal(18, 4)"), t.disputed_amount),
    }
    return t.select(**{name: changes.get(name, t[name]) for name in invoices.columns})


def _disputes(disputes: ir.Table, worlds: ir.Table) -> ir.Table:
    """Where disputes are settled, those still open are gone; closed ones stay as they were."""
    settled = worlds.filter(worlds.kind == RESOLVE).select("world")
    copied = _copied(disputes, worlds)
    ended = copied.closed_on.notnull()
    kept = copied.anti_join(settled, copied.party_id == settled.world)
    return union_all([kept, copied.filter(ended).semi_join(settled, [("party_id", "world")])])


def _payments(facts: Facts, worlds: ir.Table, paid: ir.Table) -> ir.Table:
    """Payments of the copies, plus one for each paid item, plus receipts on account."""
    columns = facts["payment"].schema()
    prefix = ibis.literal(f"{MARK}/")
    for_item = {
        "party_id": paid.world, "connection": paid.connection, "id": prefix + paid.id,
        "currency": paid.currency, "amount": paid.paid, "value_date": facts.as_of,
        "invoice_id": paid.id, "selling_company": paid.seller.nullif(""),
    }  # fmt: skip
    w = worlds.filter(worlds.kind == REDUCE)
    on_account = {
        "party_id": w.world, "connection": ibis.literal(MARK), "id": ibis.literal(MARK),
        "currency": facts.moment.currency.as_scalar(), "amount": w.amount,
        "value_date": facts.as_of,
    }  # fmt: skip
    added = [_filled(paid, columns, for_item), _filled(w, columns, on_account)]
    return union_all([_copied(facts["payment"], worlds), *added])


def _filled(t: ir.Table, columns: Any, given: dict[str, Any]) -> ir.Table:
    return t.select(
        **{n: given[n].cast(k) if n in given else ibis.null(k) for n, k in columns.items()}
    )


def _approved(facts: Facts, worlds: ir.Table) -> ir.Table:
    """In a world that raises the limit, the new one is the only one for the whole party."""
    a = facts["approved"]
    t = a.inner_join(worlds.select("party_id", "world", "kind"), "party_id")
    t = t.filter((t.kind != RAISE) | (ibis.coalesce(t.selling_company, TOTAL) != TOTAL))
    kept = t.select(**{n: t.world if n == "party_id" else t[n] for n in a.columns})
    w = worlds.filter(worlds.kind == RAISE)
    given = {
        "party_id": w.world, "selling_company": ibis.literal(TOTAL),
        "state": ibis.literal("amount"), "amount": w.amount,
        "currency": facts.moment.currency.as_scalar(),
        "source": ibis.literal("person"), "approver": no_text(), "valid_from": facts.as_of,
    }  # fmt: skip
    return union_all([kept, _filled(w, a.schema(), given)])
