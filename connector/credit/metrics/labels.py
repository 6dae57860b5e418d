"""How metrics are named and shown: bounds, bins and the columns of the ageing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from connector.domain.metrics import Unit


def figure(value: Decimal, unit: Unit) -> str:
    """A bound or threshold as shown in every language: 25 % for ratios, 30 d for days."""
    scaled = value * 100 if unit == "ratio" else value
    text = format(scaled.normalize(), "f")
    return text + {"ratio": " %", "days": " d"}.get(unit, "")


def bin_label(above: Decimal | None, up_to: Decimal | None, unit: Unit) -> str:
    """Label of a bin `above < value ≤ up_to`, without words so that it needs no translation."""
    if above is None and up_to is None:
        return "…"
    if above is None:
        return f"≤ {figure(up_to or Decimal(0), unit)}"
    if up_to is None:
        return f"> {figure(above, unit)}"
    return f"{figure(above, unit)} – {figure(up_to, unit)}"


def ageing_columns(edges: Sequence[int]) -> tuple[str, ...]:
    """Names of the ageing columns for the buckets' upper edges: age_current, age_1_30 …"""
    lower = [1, *(edge + 1 for edge in edges[:-1])]
    inner = [f"age_{low}_{high}" for low, high in zip(lower, edges, strict=True)]
    return ("age_current", *inner, f"age_over_{edges[-1]}")
