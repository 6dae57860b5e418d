"""Creates, updates, upserts and deletes one record, with the checks that real orgs make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapters.emulatorkit.counters import Effect
from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.derive import derive, roll_up
from adapters.salesforce.emulator.errors import (
    ApiError,
    RecordError,
    bad_json,
    entity_deleted,
    malformed_id,
    no_column,
    not_writable,
    row_locked,
)
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.ids import to_18
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.setup.permissions import check_setup_write, check_unassigned
from adapters.salesforce.emulator.setup.rules import check_duplicates, check_rules
from adapters.salesforce.emulator.values import store_value


class SeveralMatchesError(Exception):
    """An external id fits several records; `urls` name them without the version prefix."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(f"{len(ids)} records share the external id")
        self.ids = ids


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes records for one user inside one call of so many records."""

    org: Org
    user_id: str
    via: str = "api"
    call: int = 0
    records_in_call: int = 1
    allow_duplicates: bool = False

    def create(self, spec: ObjectSpec, body: dict[str, Any]) -> str:
        """Create a record and return its id; raises RecordError and then changes nothing."""
        org = self.org
        if not spec.createable:
            message = f"entity type cannot be inserted: {spec.label}"
            raise RecordError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
        check_setup_write(org, self.user_id, spec.name)
        self._strike("create", spec, "")
        values = self.read_fields(spec, body, creating=True)
        if spec.custom_setting:
            values["SetupOwnerId"] = values.get("SetupOwnerId") or org.org_id
            _check_owner(org, spec, values["SetupOwnerId"])
        _require(spec, values)
        record_id, stamp = org.new_id(spec), org.stamp()
        row: Row = {"Id": record_id, "IsDeleted": False}
        for item in spec.fields.values():
            if item.auto_number:
                row[item.name] = org.next_number(spec, item)
            elif item.default is not None:
                row[item.name] = item.default
        if "ownerid" in spec.fields:
            row["OwnerId"] = self.user_id
        row.update(values)
        row["CreatedDate"] = row["LastModifiedDate"] = row["SystemModstamp"] = stamp
        row["CreatedById"] = row["LastModifiedById"] = self.user_id
        if spec.custom and "name" in spec.fields:
            row.setdefault("Name", record_id)
        self._check_unique(spec, row, values)
        derive(org, spec.name, None, row)
        check_rules(org, self.user_id, spec, None, row)
        check_duplicates(org, spec, row, allow_save=self.allow_duplicates)
        self._check_locks(spec, row)
        with org.records.transaction():
            org.records.put(spec.name, record_id, row)
            self.note("create", spec, record_id, values, {}, stamp)
            self._roll_up(spec, row)
        return record_id

    def update(self, spec: ObjectSpec, given_id: object, body: dict[str, Any]) -> str:
        """Update a record by id (15 or 18 characters) and return its id."""
        old = self.find(spec, given_id)
        record_id: str = old["Id"]
        check_setup_write(self.org, self.user_id, spec.name)
        self._strike("update", spec, record_id)
        values = self.read_fields(spec, body, creating=False)
        cleared = [
            item.name
            for name, item in ((n, spec.fields[n.lower()]) for n in values)
            if values[name] is None and not item.nillable
        ]
        if cleared:
            raise RecordError(
                "REQUIRED_FIELD_MISSING",
                f"Required fields are missing: [{', '.join(cleared)}]",
                cleared,
            )
        if self.org.records.is_held(spec.name, record_id):
            raise row_locked(record_id)
        row = self.changed(spec, old, values)
        self._check_locks(spec, row)
        with self.org.records.transaction():
            self.org.records.put(spec.name, record_id, row)
            before = {name: old.get(name) for name in values}
            self.note("update", spec, record_id, values, before, row["SystemModstamp"])
            self._roll_up(spec, row)
        return record_id

    def changed(self, spec: ObjectSpec, old: Row, values: Row) -> Row:
        """Return the row as it is after a change, stamped but not stored."""
        row = {**old, **values}
        row["LastModifiedDate"] = row["SystemModstamp"] = self.org.stamp()
        row["LastModifiedById"] = self.user_id
        self._check_unique(spec, row, values)
        derive(self.org, spec.name, old, row)
        check_rules(self.org, self.user_id, spec, old, row)
        check_duplicates(self.org, spec, row, allow_save=self.allow_duplicates)
        return row

    def upsert(
        self,
        spec: ObjectSpec,
        key: FieldSpec,
        value: object,
        body: dict[str, Any],
        *,
        update_only: bool = False,
    ) -> tuple[str, bool]:
        """Update the record with this external id or create it; returns id and created.

        Raises SeveralMatchesError when several records fit.
        """
        found = self.match(spec, key, value)
        if len(found) > 1:
            raise SeveralMatchesError(found)
        if found:
            return self.update(spec, found[0], body), False
        if update_only or key.name == "Id":
            raise _no_external_id(value)
        return self.create(spec, {**body, key.name: value}), True

    def delete(self, spec: ObjectSpec, given_id: object) -> str:
        """Move a record and what hangs on it to the recycle bin; returns its id."""
        old = self.find(spec, given_id)
        record_id: str = old["Id"]
        if not spec.deletable:
            message = f"entity type cannot be deleted: {spec.label}"
            raise RecordError("INSUFFICIENT_ACCESS_OR_READONLY", message)
        check_setup_write(self.org, self.user_id, spec.name)
        check_unassigned(self.org, spec.name, record_id)
        self._strike("delete", spec, record_id)
        if self.org.records.is_held(spec.name, record_id):
            raise row_locked(record_id)
        self._check_locks(spec, old)
        if spec.name == "Order" and old.get("StatusCode") == "Activated":
            raise RecordError("DELETE_FAILED", "Activated orders cannot be deleted.")
        with self.org.records.transaction():
            self._delete_children(spec, record_id)
            stamp = self.org.stamp()
            if "isdeleted" not in spec.fields:
                self.org.records.remove(spec.name, record_id)
                self.note("delete", spec, record_id, {}, {}, stamp)
                return record_id
            row = {
                **old,
                "IsDeleted": True,
                "SystemModstamp": stamp,
                "LastModifiedDate": stamp,
                "LastModifiedById": self.user_id,
            }
            self.org.records.put(spec.name, record_id, row)
            self.note("delete", spec, record_id, {}, {}, stamp)
            self._roll_up(spec, row)
        return record_id

    def find(self, spec: ObjectSpec, given_id: object) -> Row:
        """Return the living row with this id; raises RecordError."""
        record_id = to_18(given_id)
        if record_id is None or record_id[:3] != spec.prefix:
            raise malformed_id(spec.label, given_id)
        row = self.org.records.get(spec.name, record_id)
        if row is None:
            message = "invalid cross reference id"
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", message, status=404)
        if row.get("IsDeleted"):
            raise entity_deleted()
        return row

    def match(self, spec: ObjectSpec, key: FieldSpec, value: object) -> list[str]:
        """Return the ids of the living records whose external id has this value."""
        if key.name == "Id":
            record_id = to_18(value)
            return [record_id] if record_id and self.org.row(spec, record_id) else []
        stored = store_value(key, value)
        if stored is None:
            return []
        found = self.org.records.find(spec.name, key.name, stored)
        return sorted(i for i in found if self.org.row(spec, i) is not None)

    # --- checks ----------------------------------------------------------------------

    def _strike(self, operation: str, spec: ObjectSpec, record_id: str) -> None:
        if self.via != "api":
            return
        rule = self.org.faults.strike_record(operation, spec.name, record_id)
        if rule is not None:
            raise RecordError(rule.code, rule.message, list(rule.fields))

    def _check_locks(self, spec: ObjectSpec, row: Row) -> None:
        """Meet the locks of other transactions on this row and on the rows it points to."""
        book = self.org.locks
        if self.via != "api" or not book.locks:
            return
        links = (row.get(f.name) for f in spec.fields.values() if f.type == "reference")
        locked = book.strike([row["Id"], *filter(None, links)], self.records_in_call)
        if locked:
            raise row_locked(locked)

    def read_fields(self, spec: ObjectSpec, body: dict[str, Any], *, creating: bool) -> Row:
        """Return the stored values of a record's JSON; raises RecordError or ApiError."""
        values: Row = {}
        refused: list[str] = []
        for name, value in body.items():
            if name == "attributes":
                continue
            item = spec.field(name)
            if item is None and isinstance(value, dict):
                parent = spec.parent(name)
                if parent is not None:
                    item, value = parent, self._resolve_parent(spec, parent, value)
            if item is None:
                raise no_column(name, spec.name)
            allowed = item.createable if creating else item.updateable
            if not allowed or item.read_only:
                refused.append(item.name)
                continue
            stored = store_value(item, value)
            if item.type == "reference" and stored is not None:
                stored = self._check_reference(item, stored)
            values[item.name] = stored
        if refused:
            raise not_writable(refused)
        return values

    def _check_reference(self, item: FieldSpec, value: str) -> str:
        record_id = to_18(value)
        target = self.org.schema.by_id(record_id) if record_id else None
        if record_id is None:
            message = f"{item.label}: id value of incorrect type: {value}"
            raise RecordError("MALFORMED_ID", message, [item.name])
        if target is None or target.name not in item.reference_to:
            message = f"{item.label}: id value of incorrect type: {value}"
            raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, [item.name])
        row = self.org.records.get(target.name, record_id)
        if row is None:
            message = "invalid cross reference id"
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", message, [item.name])
        if row.get("IsDeleted"):
            raise RecordError("ENTITY_IS_DELETED", "entity is deleted", [item.name])
        if item.name == "OwnerId" and row.get("IsActive") is False:
            message = f"operation performed with inactive user [{record_id}] as owner"
            raise RecordError("INACTIVE_OWNER_OR_USER", message, [item.name])
        return record_id

    def _resolve_parent(self, spec: ObjectSpec, item: FieldSpec, body: dict[str, Any]) -> str:
        keys = [(name, value) for name, value in body.items() if name != "attributes"]
        target = self.org.schema.find(item.reference_to[0])
        key = target.field(keys[0][0]) if target is not None and len(keys) == 1 else None
        if target is None or key is None or not (key.is_lookup_key or key.name == "Id"):
            message = f"{item.relationship}: name exactly one external id field of the parent"
            raise RecordError("INVALID_FIELD", message, [item.name])
        found = self.match(target, key, keys[0][1])
        if len(found) != 1:
            message = (
                f"Foreign key external ID: {keys[0][1]} not found for field {key.name} "
                f"in entity {spec.name}"
            )
            raise RecordError("INVALID_FIELD", message, [item.name])
        return found[0]

    def _check_unique(self, spec: ObjectSpec, row: Row, values: Row) -> None:
        for name in values:
            item = spec.fields[name.lower()]
            if not item.unique or row.get(name) is None:
                continue
            for other in self.org.records.find(spec.name, name, row[name]):
                if other != row["Id"] and self.org.row(spec, other) is not None:
                    message = (
                        f"duplicate value found: {name} duplicates value on record with id: {other}"
                    )
                    raise RecordError("DUPLICATE_VALUE", message, [name])

    # --- consequences ----------------------------------------------------------------

    def _delete_children(self, spec: ObjectSpec, record_id: str) -> None:
        for child, item in self.org.schema.children(spec.name):
            if item.on_delete == "keep":
                continue
            rows = [
                row
                for row in self.org.records.table(child.name).values()
                if row.get(item.name) == record_id and not row.get("IsDeleted")
            ]
            for row in rows:
                if item.on_delete == "restrict":
                    message = (
                        f"Your attempt to delete the record failed: {child.label} refers to it"
                    )
                    raise RecordError("DELETE_FAILED", message)
                if item.on_delete == "cascade":
                    self.delete(child, row["Id"])
                else:
                    changed = {**row, item.name: None, "SystemModstamp": self.org.stamp()}
                    self.org.records.put(child.name, row["Id"], changed)

    def _roll_up(self, spec: ObjectSpec, row: Row) -> None:
        parent = roll_up(self.org, spec.name, row)
        if parent is not None:
            table, record_id, values = parent
            old = self.org.records.table(table)[record_id]
            stamps = {"LastModifiedDate": self.org.stamp(), "SystemModstamp": self.org.stamp()}
            self.org.records.put(table, record_id, {**old, **values, **stamps})

    def note(
        self, action: str, spec: ObjectSpec, record_id: str, values: Row, before: Row, at: str
    ) -> None:
        """Add a change to the log of effects."""
        records = self.org.records
        records.note(self.effect(action, spec, record_id, values, before, at))

    def effect(
        self, action: str, spec: ObjectSpec, record_id: str, values: Row, before: Row, at: str
    ) -> Effect:
        """Return the log entry of a change."""
        return Effect(
            self.org.records.next_effect_seq(),
            at,
            self.via,
            self.call,
            action,
            spec.name,
            record_id,
            self.user_id,
            dict(values),
            before,
        )


def external_key(spec: ObjectSpec, name: str) -> FieldSpec:
    """Return the field that may identify records in an upsert; raises ApiError 404."""
    item = spec.field(name)
    if item is None or not (item.external_id or item.unique or item.name == "Id"):
        message = "Provided external ID field does not exist or is not accessible: " + name
        raise ApiError(404, "NOT_FOUND", message)
    return item


def read_body(value: object) -> dict[str, Any]:
    """Check that a record is a JSON object."""
    if not isinstance(value, dict):
        raise bad_json("The HTTP entity body is required to be a JSON object")
    return value


def _no_external_id(value: object) -> RecordError:
    return RecordError(
        "NOT_FOUND",
        f"Provided external ID field does not exist or is not accessible: {value}",
        status=404,
    )


def _require(spec: ObjectSpec, values: Row) -> None:
    missing = [
        item.name
        for item in spec.visible()
        if item.createable
        and not item.nillable
        and (
            values.get(item.name) is None
            if item.default is None and not item.defaulted_on_create
            else item.name in values and values[item.name] is None
        )
    ]
    if missing:
        text = f"Required fields are missing: [{', '.join(missing)}]"
        raise RecordError("REQUIRED_FIELD_MISSING", text, missing)


def _check_owner(org: Org, spec: ObjectSpec, owner: str) -> None:
    """Raise RecordError for a second record of a custom setting for the same owner."""
    for row in org.records.table(spec.name).values():
        if row.get("SetupOwnerId") == owner and not row.get("IsDeleted"):
            text = (
                f"duplicate value found: SetupOwnerId duplicates value on record with id: {owner}"
            )
            raise RecordError("DUPLICATE_VALUE", text)
