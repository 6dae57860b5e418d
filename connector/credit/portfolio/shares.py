"""Each party's part of the whole book (EW16).

Share = net exposure, at least 0, ÷ that of all parties in scope; the group's share adds up its
members. The copies on which remedies are tried stand alone: for them the rest of the group and of
the book is given, and for a part of the book what the rest of it comes to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import RATE, exact, money, ratio, when, zero
from connector.credit.metrics.workbench import Area, Workbench
from connector.domain.decision import TOTAL


def with_book(t: ir.Table, bench: Workbench) -> ir.Table:
    """Add `owed`, `group_owed`, `book_owed` and `book_names` to every row of the party table."""
    w = t.filter(t.selling_company == TOTAL)
    w = w.select(
        "party_id",
        owner=ibis.coalesce(w.group_id, w.party_id),
        owed=money(ibis.greatest(ibis.coalesce(w.net_exposure, zero()), zero())),
    )
    w = bench.stage.keep("owing", w)
    groups = w.group_by("owner").agg(of_group=money(w.owed.sum()))
    book = w.aggregate(owed=w.owed.sum(), names=w.count(where=w.owed > 0))
    moment = bench.facts.moment
    book = book.cross_join(moment).select(
        of_book=money(ibis.coalesce(book.owed, zero()) + moment.rest_owed),
        of_names=book.names + moment.rest_names,
    )
    given = bench.facts["surrounding"]
    x = w.left_join(groups, "owner").drop("owner_right").cross_join(book)
    x = x.left_join(given, "party_id")
    found = x.select(
        "party_id",
        "owed",
        group_owed=money(ibis.coalesce(x.group_others + x.owed, x.of_group)),
        book_owed=money(ibis.coalesce(x.book_others + x.owed, x.of_book, zero())),
        book_names=ibis.coalesce(x.book_names, x.of_names),
    )
    found = bench.stage.keep("book", found)
    return t.left_join(found, "party_id").drop("party_id_right")


def share_columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    """Shares of the party and its group, and what of the allowed share they use.

    Rows of single selling companies have none. `concentration_use` is the larger of share ÷ allowed
    share of the two, `concentration_allowed` the share it is measured against; both are null when
    the policy allows anything, and in a book of fewer than `min_names` names.

    exposure_share and group_exposure_share are fractions of the net exposure of all (CON-1).
    """
    rule = bench.policy.concentration
    whole = t.selling_company == TOTAL
    shares = {
        dimension: ibis.ifelse(whole, ratio(owed, t.book_owed), ibis.null(RATE))
        for dimension, owed in (("party", t.owed), ("group", t.group_owed))
    }
    allowed = {d: exact(most) for d in shares if (most := rule.limit_of(d, "exposure"))}
    counts = t.book_names >= rule.min_names
    use, by = used_share(shares, allowed)
    return {
        "exposure_share": shares["party"],
        "group_exposure_share": shares["group"],
        "concentration_use": ibis.ifelse(counts, use, ibis.null(RATE)),
        "concentration_allowed": ibis.ifelse(counts, by, ibis.null(RATE)),
    }


def used_share(shares: Mapping[str, Any], allowed: Mapping[str, Any]) -> tuple[Any, Any]:
    """The largest of share ÷ allowed share, and the allowed share it belongs to."""
    uses = {name: ratio(shares[name], most) for name, most in allowed.items()}
    if not uses:
        return ibis.null(RATE), ibis.null(RATE)
    largest = ibis.greatest(*uses.values()) if len(uses) > 1 else next(iter(uses.values()))
    return largest, when(*((uses[name] == largest, most) for name, most in allowed.items()))


def surroundings(parties: ir.Table, worlds: ir.Table) -> ir.Table:
    """What stands around each copy of a party: all but the party itself stays as it is."""
    whole = parties.filter(parties.selling_company == TOTAL)
    t = whole.inner_join(worlds.select("party_id", "world"), "party_id")
    return t.select(
        party_id=t.world,
        group_others=money(t.group_owed - t.owed),
        book_others=money(t.book_owed - t.owed),
        book_names=t.book_names,
    )


AREA = Area("shares", extend=with_book, columns=share_columns)
