"""What a row must keep to whatever its source: required columns, closed lists, currencies."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.closed_lists import CLOSED_LISTS
from connector.domain.entities import ACCOUNT_KEY_FIELDS, Column
from connector.domain.money import is_currency
from connector.mapping.numbers_text import shorten
from connector.mapping.transforms import ColumnWork


def check_column(
    entity: str, column: Column, values: pa.Array, missing: tuple[str, ...], work: ColumnWork
) -> None:
    """Refuse rows whose value is required and empty, or not on the column's list.

    `missing` names the vendor paths when no record has them, so that the reason says so.
    """
    if column.required and values.null_count:
        reason = "is empty"
        if missing:
            reason = f"there is no column {' or '.join(missing)}"
        _refuse_where(pc.is_null(values), lambda _row: reason, work)
    accepts = _list_test(entity, column.name)
    if accepts is None or values.null_count == len(values):
        return
    strange = [word for word in pc.unique(values).to_pylist() if word is not None]
    strange = [word for word in strange if not accepts(word)]
    if strange:
        mask = pc.is_in(values, value_set=pa.array(strange, values.type))
        what = "an ISO 4217 currency" if column.name in ("currency", "quote") else "a known word"
        _refuse_where(
            mask,
            lambda row: f"{shorten(values[row].as_py())} is not {what} for {column.name}",
            work,
        )


def check_row(entity: str, columns: Mapping[str, pa.Array], work: ColumnWork) -> None:
    """Refuse rows whose columns contradict each other.

    A limit in state amount needs its amount; a credit note's amount is positive (a negative one
    means that the mapping lacks `negate`, and would raise exposure instead of lowering it).
    """
    if entity == "limit":
        lacking = pc.and_(pc.equal(columns["state"], "amount"), pc.is_null(columns["amount"]))
        _refuse_where(lacking, lambda _row: "the amount of the limit is empty", work)
    if entity == "credit_note":
        negative = pc.less(columns["amount"], pa.scalar(0, pa.int64()))
        reason = "a credit note's amount is positive; add transform: negate or absolute"
        _refuse_where(negative, lambda _row: reason, work)


def _list_test(entity: str, column: str) -> Callable[[str], bool] | None:
    if column in ("currency", "quote"):
        return is_currency
    words = ACCOUNT_KEY_FIELDS if column == "account_field" else CLOSED_LISTS.get((entity, column))
    return None if words is None else set(words).__contains__


def _refuse_where(mask: pa.Array, reason: Callable[[int], str], work: ColumnWork) -> None:
    for row in pc.indices_nonzero(mask.fill_null(False)).to_pylist():
        work.refuse(row, reason(row))
