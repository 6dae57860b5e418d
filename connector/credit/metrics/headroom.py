"""What is left of the limit in force, with the collateral that counts."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from connector.credit.decision import limits
from connector.credit.metrics.workbench import Area, Workbench


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return limits.headroom(t, bench.policy.exposure.collateral)


AREA = Area("headroom", columns=_columns)
