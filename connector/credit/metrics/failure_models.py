"""Published failure models: indicators with zones, never probabilities of default of ours.

They were fitted on listed US firms of other decades. All figures are of one statement in one unit;
`prev_` columns are those of the year before. Altman does not fit banks, insurers and developers
with presales.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import RATE, when

_MOST = 9_999_999.0
"""Beyond this a ratio says nothing but that its divisor is next to zero."""

DISTRESS, GREY, SAFE = 1, 2, 3
"""Zones of the Altman family."""

ZONES: dict[str, tuple[str, Decimal, Decimal]] = {
    "z": ("altman_z", Decimal("1.81"), Decimal("2.99")),
    "z_prime": ("altman_z_private", Decimal("1.23"), Decimal("2.90")),
    "z_double_prime": ("altman_z_emerging", Decimal("1.10"), Decimal("2.60")),
    "em": ("altman_em", Decimal("4.35"), Decimal("5.85")),
}
"""Model of the policy: its metric, the end of the distress zone, the start of the safe one."""


def real(value: Any) -> Any:
    """A figure as a double."""
    return value.cast("float64")


def share(numerator: Any, divisor: Any) -> Any:
    """Numerator ÷ divisor as a double; null when the divisor is 0 or unknown."""
    return real(numerator) / real(divisor).nullif(0)


def stated(value: Any) -> Any:
    """A double as DECIMAL(18,10), six digits; null when it is too large to mean anything."""
    return ibis.ifelse(value.abs() <= _MOST, value, ibis.null("float64")).round(6).cast(RATE)


def altman(t: ir.Table) -> dict[str, Any]:
    """Altman Z (1968), Z′ (private firms), Z″ (non-manufacturers, emerging markets) and EM (Z-1).

    Z = 1.2 X1 + 1.4 X2 + 3.3 X3 + 0.6 X4 + 1.0 X5; Z′ = 0.717 X1 + 0.847 X2 + 3.107 X3 + 0.420 X4b
    + 0.998 X5; Z″ = 6.56 X1 + 3.26 X2 + 6.72 X3 + 1.05 X4b; EM = Z″ + 3.25. X1 working capital,
    X2 retained earnings, X3 EBIT, X5 sales, each ÷ total assets; X4 market and X4b book equity ÷
    total liabilities. Higher is safer. Null without one of them, or without liabilities.
    """
    ta = t.total_assets
    return altman_scores(
        x1=share(t.current_assets - t.current_liabilities, ta),
        x2=share(t.retained_earnings, ta),
        x3=share(t.ebit, ta),
        x4_market=share(t.market_equity, t.total_liabilities),
        x4_book=share(t.equity, t.total_liabilities),
        x5=share(t.sales, ta),
    )


def altman_scores(
    *, x1: Any, x2: Any, x3: Any, x4_market: Any, x4_book: Any, x5: Any
) -> dict[str, Any]:
    """The four scores from their ratios (Z-1).

    altman_z, altman_z_private (Z′), altman_z_emerging (Z″) and altman_em; null when a ratio is
    unknown.
    """
    emerging = 6.56 * x1 + 3.26 * x2 + 6.72 * x3 + 1.05 * x4_book
    return {
        "altman_z": stated(1.2 * x1 + 1.4 * x2 + 3.3 * x3 + 0.6 * x4_market + 1.0 * x5),
        "altman_z_private": stated(
            0.717 * x1 + 0.847 * x2 + 3.107 * x3 + 0.420 * x4_book + 0.998 * x5
        ),
        "altman_z_emerging": stated(emerging),
        "altman_em": stated(emerging + 3.25),
    }


def zone(value: Any, model: str) -> Any:
    """1 distress, 2 grey, 3 safe, by the zones of the model; null without a score."""
    _, distress, safe = ZONES[model]
    return when(
        (value.isnull(), ibis.null("int64")),
        (value < float(distress), ibis.literal(DISTRESS, type="int64")),
        (value > float(safe), ibis.literal(SAFE, type="int64")),
        otherwise=ibis.literal(GREY, type="int64"),
    )


def zmijewski(t: ir.Table) -> dict[str, Any]:
    """Zmijewski (1984): X and p = Φ(X). Higher is riskier; X ≥ 0 predicts distress (ZMI-1)."""
    return zmijewski_scores(
        profit=share(t.net_income, t.total_assets),
        leverage=share(t.total_liabilities, t.total_assets),
        liquidity=share(t.current_assets, t.current_liabilities),
    )


def zmijewski_scores(*, profit: Any, leverage: Any, liquidity: Any) -> dict[str, Any]:
    """X = −4.336 − 4.513 NI/TA + 5.679 TL/TA + 0.004 CA/CL and its probability (ZMI-1).

    The metrics zmijewski_x and zmijewski_p (0–1); null when a ratio is unknown.
    """
    x = -4.336 - 4.513 * profit + 5.679 * leverage + 0.004 * liquidity
    return {"zmijewski_x": stated(x), "zmijewski_p": stated(normal(x))}


def normal(x: Any) -> Any:
    """Φ(x), by Abramowitz and Stegun 7.1.26 (error below 1.5e-7): no back end has it built in."""
    z = x.abs() / 2.0**0.5
    k = 1.0 / (1.0 + 0.3275911 * z)
    poly = 0.254829592 + k * (
        -0.284496736 + k * (1.421413741 + k * (-1.453152027 + k * 1.061405429))
    )
    erf = 1.0 - k * poly * (-z * z).exp()
    return ibis.ifelse(x >= 0, 0.5 * (1.0 + erf), 0.5 * (1.0 - erf))


def ohlson(t: ir.Table, assets_in_dollars: Any, index: Decimal) -> dict[str, Any]:
    """Ohlson O (1980) and p = e^O ÷ (1 + e^O) (OHL-1). Higher is riskier.

    O = −1.32 − 0.407 ln(TA in USD ÷ GNP index) + 6.03 TL/TA − 1.43 WC/TA + 0.0757 CL/CA
    − 1.72 [TL > TA] − 2.37 NI/TA − 1.83 FFO/TL + 0.285 [losses in both years]
    − 0.521 (NI − NI₋₁)/(|NI| + |NI₋₁|). The size term makes it travel badly: tell the index with
    it. Funds from operations that are not stated are net income + depreciation.

    The metrics ohlson_o and ohlson_p; null without the year before.
    """
    ta, tl = t.total_assets, t.total_liabilities
    funds = ibis.coalesce(t.funds_from_operations, t.net_income + t.depreciation)
    relative = real(assets_in_dollars) / float(index)
    size = ibis.ifelse(relative > 0, relative, ibis.null("float64")).ln()
    before = t.prev_net_income
    change = share(t.net_income - before, t.net_income.abs() + before.abs())
    change = ibis.ifelse((t.net_income == 0) & (before == 0), 0.0, change)
    o = (
        -1.32 - 0.407 * size + 6.03 * share(tl, ta)
        - 1.43 * share(t.current_assets - t.current_liabilities, ta)
        + 0.0757 * share(t.current_liabilities, t.current_assets)
        - 1.72 * real(tl > ta) - 2.37 * share(t.net_income, ta) - 1.83 * share(funds, tl)
        + 0.285 * real((t.net_income < 0) & (before < 0)) - 0.521 * change
    )  # fmt: skip
    return {"ohlson_o": stated(o), "ohlson_p": stated(1.0 / (1.0 + (-o).exp()))}


def beneish(t: ir.Table) -> dict[str, Any]:
    """Beneish M (1999): signs of manipulated accounts, not of failure; flagged above −1.78 (BEN-1).

    M = −4.84 + 0.92 DSRI + 0.528 GMI + 0.404 AQI + 0.892 SGI + 0.115 DEPI − 0.172 SGAI
    + 4.679 TATA − 0.327 LVGI. AQI, DEPI and SGAI that cannot be computed are 1.

    The metric beneish_m; null without the year before.
    """
    i = beneish_indices(t)
    neutral = {name: ibis.coalesce(i[name], 1.0) for name in ("aqi", "depi", "sgai")}
    m = (
        -4.84 + 0.92 * i["dsri"] + 0.528 * i["gmi"] + 0.404 * neutral["aqi"] + 0.892 * i["sgi"]
        + 0.115 * neutral["depi"] - 0.172 * neutral["sgai"] + 4.679 * i["tata"]
        - 0.327 * i["lvgi"]
    )  # fmt: skip
    return {"beneish_m": stated(m)}


def beneish_indices(t: ir.Table) -> dict[str, Any]:
    """The eight indices of the model, this year against the year before (BEN-1)."""

    def of(name: str, year: str) -> Any:
        return real(t[f"{year}{name}"])

    def growth(name: str) -> Any:
        """What `name` below says of this year ÷ the same of the year before."""
        return figures[name]("") / figures[name]("prev_").nullif(0)

    figures: dict[str, Any] = {
        "receivables": lambda y: share(of("receivables", y), of("sales", y)),
        "margin": lambda y: share(of("sales", y) - of("cost_of_sales", y), of("sales", y)),
        "soft": lambda y: (
            1.0
            - share(
                of("current_assets", y) + of("fixed_assets", y) + of("securities", y),
                of("total_assets", y),
            )
        ),
        "wear": lambda y: share(
            of("depreciation", y), of("fixed_assets", y) + of("depreciation", y)
        ),
        "overhead": lambda y: share(of("selling_and_admin", y), of("sales", y)),
        "leverage": lambda y: share(
            of("current_liabilities", y) + of("long_term_debt", y), of("total_assets", y)
        ),
    }
    accruals = share(t.net_income - t.operating_cash_flow, t.total_assets)
    return {
        "dsri": growth("receivables"),
        "gmi": 1.0 / growth("margin").nullif(0),
        "aqi": growth("soft"),
        "sgi": share(t.sales, t.prev_sales),
        "depi": 1.0 / growth("wear").nullif(0),
        "sgai": growth("overhead"),
        "lvgi": growth("leverage"),
        "tata": accruals,
    }
