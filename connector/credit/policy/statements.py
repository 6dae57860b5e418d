"""What a policy says about the financial statements of customers."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from connector.credit.policy.section import Section, among

MODELS = ("altman", "zmijewski", "ohlson", "beneish")
ZONE_MODELS = ("z", "z_prime", "z_double_prime", "em")
SIGNS = ("negative_equity", "net_loss", "negative_cash_flow", "late_filing", "distress_zone")


class StatementsDoc(Section):
    """Which statements count, which failure models are computed, and what is a sign of weakness.

    `stale_months`: an older statement is shown but used for nothing. `unit_jump`: so many times
    the year before (or that part of it) is taken for a mistake of the unit, as is buying
    `own_sales_factor` times its whole costs from us alone. `zone_model`: the Altman variant whose
    zone counts. `ohlson_index`: GNP price index with 1968 = 100, without which the model cannot be
    computed. `signs`: what `weak_statements` counts.
    """

    stale_months: Annotated[int, Field(ge=1, le=120)] = 18
    unit_jump: Annotated[Decimal, Field(ge=10, le=5000)] = Decimal(300)
    own_sales_factor: Annotated[Decimal, Field(ge=1, le=10000)] = Decimal(10)
    models: tuple[Annotated[str, among(MODELS)], ...] = ("altman", "zmijewski")
    zone_model: Annotated[str, among(ZONE_MODELS)] = "z_double_prime"
    ohlson_index: Annotated[Decimal, Field(gt=0, le=100000)] | None = None
    signs: tuple[Annotated[str, among(SIGNS)], ...] = SIGNS[:4]
