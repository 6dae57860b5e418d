"""What the customer may have beside the limit: the longest payment terms, and a deposit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import RATE, exact, join_left, when
from connector.credit.policy.offer import OfferDoc

_KEY = ["party_id", "selling_company"]


def allowed_terms(grade: Any, rule: OfferDoc) -> Any:
    """Longest terms in days that the grade may have, 0 = payment before delivery.

    Null where the policy says nothing. An unrated customer has the terms of the unrated.
    """
    unknown = ibis.null("int64")
    none = unknown if rule.unrated_terms_days is None else _whole(rule.unrated_terms_days)
    branches = [(grade == name, _whole(days)) for name, days in rule.terms_days.items()]
    return when((grade.isnull(), none), *branches, otherwise=unknown)


def deposit_share(grade: Any, deposits: Mapping[str, Decimal]) -> Any:
    """Share of an order to be paid before delivery; null where the policy asks for none."""
    unknown = ibis.null(RATE)
    branches = [(grade == name, exact(share)) for name, share in deposits.items()]
    return when(*branches, otherwise=unknown) if branches else unknown


def make_offer(parties: ir.Table, graded: ir.Table, rule: OfferDoc) -> ir.Table:
    """The party table with `allowed_terms_days` and `deposit_share` for its grade."""
    terms = allowed_terms(graded.grade, rule)
    deposit = deposit_share(graded.grade, rule.deposit)
    offer = graded.select(*_KEY, allowed_terms_days=terms, deposit_share=deposit)
    return join_left(parties, offer, _KEY)


def _whole(number: int) -> Any:
    return ibis.literal(number, type="int64")
