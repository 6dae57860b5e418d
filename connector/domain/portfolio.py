"""How the whole book is spread: by name, and in key figures for each dimension."""

from __future__ import annotations

from connector.domain.columns import Column, Entity, Kind

BASES = ("exposure", "unsecured", "sales")
"""Net exposure; what of it nothing secures, the base for risk of loss; credit sales of the last
twelve months, the base for dependency."""

DIMENSIONS = (
    "party", "group", "selling_company", "product_line", "region", "market", "currency",
    "country", "industry", "customer_region", "guarantor", "insurer", "acceptor",
)  # fmt: skip
"""By which the book is broken down. `region` is that of the sale, `customer_region` the
customer's."""

_KEY = (
    Column("dimension", Kind.TEXT, "one of DIMENSIONS", required=True),
    Column("base", Kind.TEXT, "one of BASES", required=True),
)

CONCENTRATION = Entity(
    "concentration",
    (
        *_KEY,
        Column("member", Kind.TEXT, '"" = unassigned', required=True),
        Column("place", Kind.COUNT, "1 = the largest", required=True),
        Column("amount", Kind.MONEY, "amount of the member, in policy currency", required=True),
        Column("share", Kind.RATE, "amount ÷ total, 0–1", required=True),
        Column("limit_share", Kind.RATE, "permitted share; null = no limit"),
        Column("breach", Kind.FLAG, "more than is permitted", required=True),
    ),
)
PORTFOLIO = Entity(
    "portfolio",
    (
        *_KEY,
        Column("members", Kind.COUNT, "members with an amount above 0", required=True),
        Column("total", Kind.MONEY, "sum of the members, in policy currency", required=True),
        Column("hhi", Kind.RATE, "Σ share², 0–1; ×10,000 for the familiar scale", required=True),
        Column("effective_names", Kind.MONEY, "1 ÷ HHI", required=True),
        Column("normalised_hhi", Kind.RATE, "(HHI − 1/n) ÷ (1 − 1/n); null for one member"),
        Column("top1_share", Kind.RATE, "share of the largest", required=True),
        Column("top3_share", Kind.RATE, "share of the three largest", required=True),
        Column("top10_share", Kind.RATE, "share of the ten largest", required=True),
        Column("breaches", Kind.COUNT, "members beyond their limit", required=True),
    ),
)

PORTFOLIO_TABLES: dict[str, Entity] = {entity.name: entity for entity in (PORTFOLIO, CONCENTRATION)}
"""What is put out about the whole book, by name."""
