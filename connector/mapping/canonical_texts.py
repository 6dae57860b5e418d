"""Canonical text of whole columns, the same as `domain.values.canonical` gives value by value."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.entities import Kind
from connector.mapping.targets import NUMBERS, TargetField, seen_text

# Widest decimal Arrow holds in 128 bits, with digits enough for any vendor's scale.
_WIDE = pa.decimal128(38, 10)


def decimal_texts(column: pa.Array, scale: int) -> pa.Array:
    """Texts of decimals, rounded half-up (away from zero) to `scale` digits."""
    rounded = pc.round(column, ndigits=scale, round_mode="half_towards_infinity")
    # Arrow writes small numbers of a large scale with an exponent; the narrow type has none.
    text = rounded.cast(pa.decimal128(38, max(scale, 0))).cast(pa.string())
    pointed = pc.match_substring(text, ".")
    text = pc.if_else(pointed, pc.replace_substring_regex(text, r"\.?0+$", ""), text)
    return pc.if_else(pc.equal(text, "-0"), "0", text)


def seen_texts(target: TargetField, values: list[object] | None, count: int) -> pa.Array:
    """`seen_text` of `count` values; None means that no record has the field."""
    if values is None or values.count(None) == count:
        return pa.nulls(count, pa.string())
    try:
        if target.kind in NUMBERS:
            return decimal_texts(pa.array(values, _WIDE), target.scale)
        if target.kind is Kind.FLAG:
            return pa.array(values, pa.bool_()).cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        pass  # a value of another kind: each by itself
    return pa.array(
        [None if value is None else seen_text(target, value) for value in values], pa.string()
    )
