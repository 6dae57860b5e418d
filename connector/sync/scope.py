"""Credit scope: which parties get a decision and writes, and why the others do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from connector.ledger import Ledger
from connector.ports.store import APPROVED_LIMIT_SCHEMA


@dataclass(frozen=True, slots=True)
class ScopeRules:
    """What a company counts as a credit customer.

    `order_months`: orders of so many months back bring a party in. `own_group_parties`: party ids,
    identifiers, account numbers or record ids of our own group's companies.
    """

    order_months: int
    own_group_parties: tuple[str, ...] = ()
    include_natural_persons: bool = False


OUTSIDE = ("natural_person", "own_group", "prospect")
"""Reasons that keep a party out of scope."""


@dataclass(frozen=True, slots=True)
class ScopeReport:
    """How many parties are in and out of scope, and how many by reason."""

    in_scope: int
    out_of_scope: int
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def included(self) -> dict[str, int]:
        """Parties in scope by reason."""
        return {reason: n for reason, n in self.counts.items() if reason not in OUTSIDE}

    @property
    def excluded(self) -> dict[str, int]:
        """Parties out of scope by reason."""
        return {reason: n for reason, n in self.counts.items() if reason in OUTSIDE}


def scope_parties(
    ledger: Ledger, rules: ScopeRules, as_of: date, approved_limits: pa.Table
) -> ScopeReport:
    """Fill table `scope` (party_id, in_scope, reason) with a row for every party.

    In scope, by the first of: `approved_limit` (any state but none, approved by a person or kept by
    a source, expired ones too), `terms` (agreed terms), `open_items` (open invoices, or deliveries
    not billed, at `as_of`), `orders` of the last `order_months`. Out: `natural_person`,
    `own_group`, and `prospect` for the rest.
    Where the source keeps no open amount, invoices less payments and credit notes per currency
    tell. Needs the links of this run; `approved_limits` as APPROVED_LIMIT_SCHEMA.
    """
    ledger.query(
        _FILL,
        {
            "as_of": as_of,
            "months": rules.order_months,
            "own": list(rules.own_group_parties),
            "persons": rules.include_natural_persons,
        },
        {"approved_limit": approved_limits.cast(APPROVED_LIMIT_SCHEMA)},
    )
    rows = ledger.query(
        "SELECT in_scope, reason, count(*) AS n FROM scope GROUP BY ALL "
        "ORDER BY in_scope DESC, reason"
    ).to_pylist()
    inside = sum(row["n"] for row in rows if row["in_scope"])
    outside = sum(row["n"] for row in rows if not row["in_scope"])
    return ScopeReport(inside, outside, {row["reason"]: row["n"] for row in rows})


_FILL = """
CREATE OR REPLACE TABLE scope AS
WITH own AS (
    SELECT party_id FROM party WHERE own_group
    UNION
    SELECT a.party_id FROM account_alias AS a, unnest($own::VARCHAR[]) AS named(key)
    WHERE a.parties = 1 AND (a.account_key = trim(named.key) OR (
        a.account_field NOT IN ('id', 'account_number')
        AND a.account_key = upper(regexp_replace(named.key, '[^0-9A-Za-z]', '', 'g'))))
    UNION
    SELECT unnest($own::VARCHAR[])
), stated AS (
    SELECT party_id FROM approved_limit WHERE state != 'none'
    UNION
    SELECT party_id FROM linked."limit"
    WHERE state != 'none' AND (valid_from IS NULL OR valid_from <= $as_of)
), candidate AS (
    SELECT DISTINCT party_id FROM linked.invoice
    WHERE open_amount IS NULL AND invoice_date <= $as_of
        AND (cleared_date IS NULL OR cleared_date > $as_of)
), owed AS (
    SELECT party_id, currency, amount FROM linked.invoice
    WHERE open_amount IS NULL AND invoice_date <= $as_of
    UNION ALL
    SELECT party_id, currency, -amount FROM linked.payment WHERE value_date <= $as_of
    UNION ALL
    SELECT party_id, currency, -amount FROM linked.credit_note WHERE issue_date <= $as_of
), open_item AS (
    SELECT party_id FROM linked.invoice
    WHERE open_amount != 0 AND invoice_date <= $as_of
    UNION
    SELECT party_id FROM linked.delivery
    WHERE unbilled_amount != 0 AND delivery_date <= $as_of
    UNION
    SELECT o.party_id FROM owed AS o SEMI JOIN candidate AS c USING (party_id)
    GROUP BY o.party_id, o.currency HAVING sum(o.amount) != 0
), ordering AS (
    SELECT DISTINCT party_id FROM linked."order"
    WHERE state IN ('open', 'fulfilled') AND order_date <= $as_of
        AND order_date > $as_of::DATE - to_months($months::INTEGER)
), judged AS (
    SELECT p.party_id, CASE
        WHEN p.party_kind = 'natural_person' AND NOT $persons THEN 'natural_person'
        WHEN p.party_id IN (SELECT party_id FROM own) THEN 'own_group'
        WHEN p.party_id IN (SELECT party_id FROM stated) THEN 'approved_limit'
        WHEN p.terms_days IS NOT NULL THEN 'terms'
        WHEN p.party_id IN (SELECT party_id FROM open_item) THEN 'open_items'
        WHEN p.party_id IN (SELECT party_id FROM ordering) THEN 'orders'
        ELSE 'prospect' END AS reason
    FROM party AS p
)
SELECT party_id, reason NOT IN ('natural_person', 'own_group', 'prospect') AS in_scope, reason
FROM judged
"""
