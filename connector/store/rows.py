"""Many rows at once: columns into tables without an object a row, and query results as Arrow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from django.db import connections, models

from connector.store.database import MAX_COMMIT_ROWS
from connector.store.fields import ExactDecimalField

Columns = Mapping[str, Sequence[Any]]
"""Values by field name (`plan_id` for a foreign key), all of one length."""


def insert_columns(
    alias: str,
    model: type[models.Model],
    columns: Columns,
    *,
    key: Sequence[str] = (),
    replace: bool = False,
) -> None:
    """Insert rows given as columns, inside the caller's transaction.

    With `key`, a row that exists under it is left alone, or with `replace` takes the given values.
    """
    names = list(columns)
    connection = connections[alias]
    quote = connection.ops.quote_name
    targets = [_column(model, name) for name in names]
    listed = ", ".join(quote(field.column) for field in targets)
    marks = ", ".join(["%s"] * len(names))
    # Names come from our own models; every value is bound.
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({listed}) VALUES ({marks})"  # noqa: S608
    if key:
        statement += f" ON CONFLICT ({', '.join(quote(name) for name in key)}) DO "
        rest = [quote(f.column) for f in targets if f.column not in key]
        sets = ", ".join(f"{column} = excluded.{column}" for column in rest)
        statement += f"UPDATE SET {sets}" if replace and rest else "NOTHING"
    prepared = [
        _prepare(field, values, connection)
        for field, values in zip(targets, columns.values(), strict=True)
    ]
    rows = list(zip(*prepared, strict=True))
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def _column(model: type[models.Model], name: str) -> Any:
    return next(f for f in model._meta.concrete_fields if name in (f.name, f.attname))


def _prepare(field: Any, values: Sequence[Any], connection: Any) -> Sequence[Any]:
    """The values as the driver wants them; most kinds need nothing."""
    if isinstance(field, models.DateTimeField):
        adapt: Callable[[Any], Any] = connection.ops.adapt_datetimefield_value
        return [None if value is None else adapt(value) for value in values]
    if isinstance(field, ExactDecimalField):
        return [field.get_prep_value(value) for value in values]
    return values


def arrow_rows(schema: pa.Schema, rows: Iterable[Sequence[Any]]) -> pa.Table:
    """Rows in the order of the schema's columns as an Arrow table."""
    columns = list(zip(*rows, strict=True))
    if not columns:
        return schema.empty_table()
    arrays = [
        pa.array(values, type=field.type) for values, field in zip(columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def fit(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table in the schema's columns, order and types; others are left out.

    Raises KeyError for a column that is not there and ArrowInvalid for a value that does not fit.
    """
    return table.select(schema.names).cast(schema)


def in_portions(rows: Sequence[Any], size: int = MAX_COMMIT_ROWS) -> Iterator[Sequence[Any]]:
    """The rows in portions of at most `size`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
