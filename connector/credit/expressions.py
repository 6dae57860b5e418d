"""The few expressions that every stage shares, so that money, ratios and texts have one form.

All of them run the same way on DuckDB and over Spark Connect: no as-of joins, no date − date, no
ordered collects, every divisor wrapped in `nullif`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from connector.domain.dates import TermsRule

MONEY = "decimal(18, 4)"
RATE = "decimal(18, 10)"
RATIO_DIGITS = 6
DAYS_DIGITS = 4
_CONTROL = r"[\x00-\x1f\x7f]"


def convert(amount: Any, rate: Any) -> Any:
    """Amount × rate as DECIMAL(18,4), exact, halves away from zero (vector EXP-FX).

    Both have to be expressions; `rate` is taken to ten digits. Engines round a 128-bit decimal by
    dividing it bit by bit, which costs more than all else here. So a double says the result but for
    a rest, and only this rest, which fits 64 bits, is rounded. The double is kept a little nearer
    to zero than the product: where the product lies half-way, so does the rest, on the same side.
    """
    known = _value(rate)
    if known is not None and known in (0, 1):
        return money(amount) if known == 1 else ibis.ifelse(amount.isnull(), amount, 0).cast(MONEY)
    exact_amount, exact_rate = amount.cast(MONEY), rate.cast(RATE)
    near = money(exact_amount.cast("float64") * (exact_rate.cast("float64") * _NEARER))
    product = (exact_amount * exact_rate.cast("decimal(19, 10)")).cast("decimal(37, 14)")
    rest = (product - near).cast("decimal(18, 14)").cast(MONEY)
    whole = money(near + rest)
    return whole if known is not None else ibis.ifelse(rate == 1, exact_amount, whole)


_NEARER = 1 - 1e-11
"""Far more than what doubles lose, and little enough for the rest of any DECIMAL(18,4)."""


def _value(expression: Any) -> Decimal | None:
    """The value of a literal; None for anything else."""
    op = expression.op()
    return Decimal(op.value) if isinstance(op, ops.Literal) and op.value is not None else None


def money(expression: Any) -> Any:
    """A sum or product of money, back in DECIMAL(18,4)."""
    return expression.cast(MONEY)


def zero() -> Any:
    """No money."""
    return ibis.literal(0).cast(MONEY)


def exact(value: Decimal) -> Any:
    """A share, threshold or factor of the policy, to ten digits.

    A plain Decimal literal has no scale, and Ibis cuts it to three digits (DECIMAL(18,3)).
    """
    return ibis.literal(value.quantize(Decimal("1e-10")), type=RATE)


def exact_money(value: Decimal) -> Any:
    """An amount of the policy; as `exact`."""
    return ibis.literal(value.quantize(Decimal("1e-4")), type=MONEY)


def no_text() -> Any:
    """The unknown text."""
    return ibis.null("string")


def day(value: date) -> Any:
    """A date literal."""
    return ibis.literal(value, type="date")


def ratio(numerator: Any, divisor: Any) -> Any:
    """Numerator ÷ divisor, six digits, DECIMAL(18,10); null when the divisor is 0 or unknown.

    Operands are exact sums; the quotient is divided last and rounded to a stated scale, because a
    double is not repeatable and would look like a change.
    """
    quotient = numerator.cast("float64") / divisor.cast("float64").nullif(0)
    return quotient.round(RATIO_DIGITS).cast(RATE)


def per_unit(numerator: Any, divisor: Any) -> Any:
    """Like `ratio` for days: four digits, DECIMAL(18,4)."""
    quotient = numerator.cast("float64") / divisor.cast("float64").nullif(0)
    return quotient.round(DAYS_DIGITS).cast(MONEY)


def days_between(later: Any, earlier: Any) -> Any:
    """Whole days from `earlier` to `later`, negative when it lies before."""
    return later.delta(earlier, unit="day").cast("int64")


def plus_days(start: Any, days: Any) -> Any:
    """The date so many days after `start`."""
    return (start + days.as_interval("D")).cast("timestamp").cast("date")


def month_end(value: Any) -> Any:
    """Last day of the month of `value`."""
    following = value.truncate("M").cast("date") + ibis.interval(months=1)
    return (following - ibis.interval(days=1)).cast("timestamp").cast("date")


def due_after(base: Any, net_days: Any, rule: TermsRule) -> Any:
    """Due date for a base date and net days (vector TERM-1), as `domain.dates.due_date`."""
    if rule is TermsRule.END_OF_MONTH_THEN_NET:
        return plus_days(month_end(base), net_days)
    plain = plus_days(base, net_days)
    return month_end(plain) if rule is TermsRule.NET_THEN_END_OF_MONTH else plain


def decimal_text(value: Any) -> Any:
    """Canonical text of a decimal: no exponent, no trailing zeros."""
    return value.cast("string").re_replace(r"\.?0+$", "")


def whole_text(value: Any) -> Any:
    """Canonical text of a whole number."""
    return value.cast("int64").cast("string")


def date_text(value: Any) -> Any:
    """ISO text of a date."""
    return value.cast("string")


def joined(parts: Sequence[Any]) -> Any:
    """Texts one after the other; a null part makes the whole null.

    They are joined two by two: written one inside the other, a hundred parts would go deeper than
    compilers follow.
    """
    texts = list(parts)
    while len(texts) > 1:
        pairs = [one + other for one, other in zip(texts[::2], texts[1::2], strict=False)]
        texts = [*pairs, *texts[len(pairs) * 2 :]]
    return texts[0]


def json_text(value: Any) -> Any:
    """A text as a JSON string: quotes and backslashes escaped, control characters blanked."""
    escaped = value.re_replace(_CONTROL, " ").replace("\\", "\\\\").replace('"', '\\"')
    return ibis.coalesce(joined([ibis.literal('"'), escaped, ibis.literal('"')]), "null")


def json_object(members: Mapping[str, Any]) -> Any:
    """A JSON object of texts (JSON values already written may be passed through `RawJson`)."""
    parts: list[Any] = []
    for number, (name, value) in enumerate(sorted(members.items())):
        parts.append(ibis.literal(("{" if number == 0 else ",") + f'"{name}":'))
        parts.append(value.text if isinstance(value, RawJson) else json_text(value))
    return joined([*parts, ibis.literal("}")]) if parts else ibis.literal("{}")


class RawJson:
    """A text expression that is JSON already."""

    def __init__(self, text: Any) -> None:
        self.text = text


def when(*branches: tuple[Any, Any], otherwise: Any = None) -> Any:
    """CASE WHEN over (condition, value) pairs."""
    return ibis.cases(*branches, else_=otherwise)


def union_all(tables: Sequence[ir.Table]) -> ir.Table:
    """All rows of tables that have the same columns."""
    return ibis.union(*tables) if len(tables) > 1 else tables[0]


def join_left(left: ir.Table, right: ir.Table, on: Sequence[str]) -> ir.Table:
    """Left join on equal columns; of columns in both, the left one stays."""
    joined_table = left.left_join(right, list(on), rname="{name}_right")
    extra = [name for name in joined_table.columns if name.endswith("_right")]
    return joined_table.drop(*extra) if extra else joined_table
