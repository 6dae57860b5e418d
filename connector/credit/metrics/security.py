"""What is left unsecured, and what counts as collateral beside the limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import RATE, exact_money, money, ratio, zero
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.collateral import CollateralDoc


def unsecured(t: ir.Table) -> Any:
    """Net exposure − effective guarantees − insurance cover, in that order, not below 0 (EXP-2).

    The metric unsecured_exposure, in company currency.
    """
    covered = ibis.coalesce(t.insurance_cover, zero())
    rest = money(t.net_exposure - t.guarantees_effective - covered)
    return ibis.greatest(rest, zero())


def collateral(t: ir.Table, rule: CollateralDoc) -> Any:
    """What the policy lets count beside the limit, by either convention, at most the exposure."""
    parts = {"guarantees": t.guarantees_effective, "insurance": t.insurance_cover}
    total = sum((ibis.coalesce(parts[name], zero()) for name in rule.counts), start=zero())
    return money(ibis.least(total, ibis.greatest(t.net_exposure, zero())))


def of_appetite(t: ir.Table, appetite: Decimal | None) -> Any:
    """Unsecured exposure ÷ what one customer may have of it; null when that is not watched.

    The metric unsecured_of_appetite, a fraction.
    """
    if appetite is None:
        return ibis.null(RATE)
    return ratio(unsecured(t), exact_money(appetite))


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return {
        "unsecured_exposure": unsecured(t),
        "collateral": collateral(t, bench.policy.collateral),
        "unsecured_of_appetite": of_appetite(t, bench.policy.collateral.unsecured_appetite),
    }


AREA = Area("security", columns=_columns)
