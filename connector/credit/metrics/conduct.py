"""How a customer conducts itself: payment, promises, disputes and orders, side by side.

None of these areas reads what another of them made, so their columns are added in one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ibis.expr.types as ir

from connector.credit.metrics import (
    collection,
    disputes,
    opportunities,
    orders,
    pattern,
    payment_index,
    promises,
    receipts,
    streaks,
)
from connector.credit.metrics.workbench import Area, Workbench

PARTS: tuple[Area, ...] = (
    payment_index.AREA,
    pattern.AREA,
    receipts.AREA,
    promises.AREA,
    collection.AREA,
    disputes.AREA,
    orders.AREA,
    opportunities.AREA,
    streaks.AREA,
)


def _gathered(
    makers: list[Callable[[Workbench], Mapping[str, ir.Table]]], bench: Workbench
) -> dict[str, ir.Table]:
    return {name: table for make in makers for name, table in make(bench).items()}


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    return _gathered([part.sums for part in PARTS], bench)


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    return _gathered([part.of_party for part in PARTS], bench)


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return {name: value for part in PARTS for name, value in part.columns(t, bench).items()}


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    return _gathered([part.documents for part in PARTS], bench)


AREA = Area("conduct", sums=_sums, of_party=_of_party, columns=_columns, documents=_documents)
