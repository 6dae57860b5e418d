"""Bulk seeds: many records at once, without the cost and the checks of API writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.emulatorkit.counters import Effect
from adapters.emulatorkit.records import LateRow, Row
from adapters.emulatorkit.wire import ControlError
from adapters.salesforce.emulator.derive import complete_seed, roll_up
from adapters.salesforce.emulator.fields import NUMERIC, FieldSpec
from adapters.salesforce.emulator.ids import to_18
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.times import read_stamp, write_stamp

Convert = Callable[[Any], Any]


def seed_records(
    org: Org,
    spec: ObjectSpec,
    records: list[Any],
    late: tuple[float | None, ...] | None,
) -> list[str]:
    """Insert records and return their ids in order; raises ControlError, inserting nothing.

    Any field may be set, system stamps and ids too; what is absent is filled in as
    a create by the admin would. With `late` the rows become visible at `late[0]`
    (None: on release).
    """
    rows = _Rows(org, spec)
    built = [rows.build(record, position) for position, record in enumerate(records)]
    ids = [row["Id"] for row in built]
    if len(set(ids)) != len(ids):
        raise ControlError(f"seed: {spec.name}: the same id stands in two records")
    table = org.records.table(spec.name)
    taken = next((i for i in ids if i in table), None)
    if taken is not None:
        raise ControlError(f"seed: {spec.name} {taken} exists already; use edit")
    if late is None:
        org.records.load_bulk(spec.name, list(zip(ids, built, strict=True)))
        _roll_up_orders(org, spec, built)
    else:
        for row in built:
            org.records.put_late(
                spec.name, row["Id"], LateRow(row, late[0], _effect(org, spec, row))
            )
    return ids


def _roll_up_orders(org: Org, spec: ObjectSpec, rows: list[Row]) -> None:
    """Bring the totals of the orders up to date once after their items were loaded."""
    if spec.name != "OrderItem":
        return
    one_item_of_each = {row.get("OrderId"): row for row in rows}
    with org.records.transaction():
        for row in one_item_of_each.values():
            parent = roll_up(org, spec.name, row)
            if parent is not None:
                table, order_id, fields = parent
                org.records.put(table, order_id, {**org.records.table(table)[order_id], **fields})


class _Rows:
    """Builds stored rows from seed records of one object."""

    def __init__(self, org: Org, spec: ObjectSpec) -> None:
        self.org = org
        self.spec = spec
        self.stamps: dict[str, str] = {}
        self.columns: dict[str, tuple[str, Convert | None]] = {}
        user = org.settings.human
        stamp = org.stamp()
        self.defaults: Row = {
            "IsDeleted": False,
            **{f.name: f.default for f in spec.fields.values() if f.default is not None},
            "CreatedDate": stamp,
            "CreatedById": user,
            "LastModifiedById": user,
        }
        if "ownerid" in spec.fields:
            self.defaults["OwnerId"] = user
        self.auto = [item for item in spec.fields.values() if item.auto_number]

    def build(self, record: Any, position: int) -> Row:
        """Return the stored row of one record."""
        if not isinstance(record, dict):
            raise ControlError(f"seed: record {position} is not an object")
        row = dict(self.defaults)
        for name, value in record.items():
            column = self.columns.get(name) or self._column(name, position)
            if value is None:
                continue
            try:
                row[column[0]] = value if column[1] is None else column[1](value)
            except (ValueError, TypeError) as error:
                raise ControlError(f"seed: record {position}: {name}: {error}") from None
        record_id = to_18(row["Id"]) if "Id" in row else self.org.new_id(self.spec)
        if record_id is None or record_id[:3] != self.spec.prefix:
            raise ControlError(f"seed: record {position}: {row['Id']!r} is no {self.spec.name} id")
        row["Id"] = record_id
        row.setdefault("LastModifiedDate", row["CreatedDate"])
        row.setdefault("SystemModstamp", row["LastModifiedDate"])
        for item in self.auto:
            if item.name not in row:
                row[item.name] = self.org.next_number(self.spec, item)
        if self.spec.custom and "name" in self.spec.fields:
            row.setdefault("Name", record_id)
        complete_seed(self.org, self.spec.name, row)
        return row

    def _column(self, name: str, position: int) -> tuple[str, Convert | None]:
        item = self.spec.fields.get(name.lower())
        if item is None:
            raise ControlError(
                f"seed: record {position}: {self.spec.name} has no field {name!r}; "
                "add it with POST /_emulator/schema"
            )
        column = (item.name, self._converter(item))
        self.columns[name] = column
        return column

    def _converter(self, item: FieldSpec) -> Convert | None:
        if item.type == "int":
            return int
        if item.type in NUMERIC:
            return float
        if item.type == "datetime":
            return self._stamp
        if item.type == "reference":
            return lambda value: to_18(value) or value
        return None

    def _stamp(self, value: Any) -> str:
        text = str(value)
        known = self.stamps.get(text)
        if known is None:
            try:
                known = write_stamp(read_stamp(text))
            except ValueError:
                raise ValueError(f"{text!r} is no time with a zone") from None
            self.stamps[text] = known
        return known


def _effect(org: Org, spec: ObjectSpec, row: Row) -> Effect:
    return Effect(
        org.records.next_effect_seq(),
        row["SystemModstamp"],
        "seed",
        0,
        "create",
        spec.name,
        row["Id"],
        row["CreatedById"],
        {},
        {},
    )
