"""What happens to records outside the REST writes: late edits, purge, undelete, merge."""

from __future__ import annotations

from typing import Any

from adapters.emulatorkit.records import LateRow
from adapters.salesforce.emulator.errors import RecordError, row_locked
from adapters.salesforce.emulator.ids import to_18
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.writes import Writer


def edit_late(
    writer: Writer, spec: ObjectSpec, given: object, fields: dict[str, Any], at: float | None
) -> str:
    """Stamp a change at once and commit it at `at` (None: on release); returns the id.

    Until then readers see the old row and writers meet UNABLE_TO_LOCK_ROW.
    """
    org = writer.org
    old = writer.find(spec, given)
    record_id: str = old["Id"]
    if org.records.is_held(spec.name, record_id):
        raise row_locked(record_id)
    values = writer.read_fields(spec, fields, creating=False)
    row = writer.changed(spec, old, values)
    before = {name: old.get(name) for name in values}
    effect = writer.effect("update", spec, record_id, values, before, row["SystemModstamp"])
    org.records.put_late(spec.name, record_id, LateRow(row, at, effect))
    return record_id


def purge(writer: Writer, spec: ObjectSpec, given: object) -> None:
    """Delete a record for good, from the bin or directly."""
    record_id = to_18(given) or ""
    row = writer.org.records.get(spec.name, record_id)
    if row is None:
        raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    writer.org.records.remove(spec.name, record_id)
    gone_at = row["SystemModstamp"] if row.get("IsDeleted") else writer.org.stamp()
    writer.org.deletions.graves.append((spec.name, record_id, gone_at))
    writer.note("purge", spec, record_id, {}, {}, writer.org.stamp())


def undelete(writer: Writer, spec: ObjectSpec, given: object) -> None:
    """Take a record back from the bin."""
    record_id = to_18(given) or ""
    row = writer.org.records.get(spec.name, record_id)
    if row is None or not row.get("IsDeleted"):
        raise RecordError("UNDELETE_FAILED", "Entity is not in the recycle bin")
    stamp = writer.org.stamp()
    back = {**row, "IsDeleted": False, "SystemModstamp": stamp, "LastModifiedDate": stamp}
    writer.org.records.put(spec.name, record_id, back)
    writer.note("undelete", spec, record_id, {}, {}, stamp)


def merge(writer: Writer, spec: ObjectSpec, master: object, losers: list[object]) -> None:
    """Merge records: children move to the master, losers go to the bin with MasterRecordId."""
    if "masterrecordid" not in spec.fields:
        raise RecordError("INVALID_TYPE", f"{spec.name} cannot be merged")
    org = writer.org
    master_id: str = writer.find(spec, master)["Id"]
    stamp = org.stamp()
    stamps = {
        "LastModifiedDate": stamp,
        "SystemModstamp": stamp,
        "LastModifiedById": writer.user_id,
    }
    for given in losers:
        loser = writer.find(spec, given)
        for child, link in org.schema.children(spec.name):
            moved = [
                row
                for row in org.records.table(child.name).values()
                if row.get(link.name) == loser["Id"] and link.name != "MasterRecordId"
            ]
            for row in moved:
                org.records.put(child.name, row["Id"], {**row, link.name: master_id, **stamps})
        gone = {**loser, "IsDeleted": True, "MasterRecordId": master_id, **stamps}
        org.records.put(spec.name, loser["Id"], gone)
        writer.note("merge", spec, loser["Id"], {"MasterRecordId": master_id}, {}, stamp)
    kept = org.records.table(spec.name)[master_id]
    org.records.put(spec.name, master_id, {**kept, **stamps})
