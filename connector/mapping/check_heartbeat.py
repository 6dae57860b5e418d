"""Checks of the heartbeat record: where it is lacking, all else works without it."""

from __future__ import annotations

from connector.domain.entities import Kind
from connector.mapping.advice import READ_TYPES
from connector.mapping.check_read import NO_FIELD
from connector.mapping.check_write import CREATE_WRITABLE, GRANT_EDIT, NO_EDIT
from connector.mapping.document import HeartbeatDoc, HeartbeatSlot
from connector.mapping.findings import Findings
from connector.ports.crm import ObjectInfo

KINDS: dict[HeartbeatSlot, Kind] = {
    "refreshed_at": Kind.TIMESTAMP,
    "as_of": Kind.DATE,
    "stale_after_hours": Kind.COUNT,
    "connection": Kind.TEXT,
}
"""What each field of the record holds."""

NO_HEARTBEAT = "There is no object {object}: nobody sees in the CRM how old the credit fields are."


def check_heartbeat(doc: HeartbeatDoc, info: ObjectInfo | None, findings: Findings) -> None:
    """Findings on the heartbeat; warnings at most."""
    if info is None:
        findings.add(
            "warning", "heartbeat", NO_HEARTBEAT,
            "Create it ({object_access}), or take heartbeat out of {mapping}.", object=doc.object,
        )  # fmt: skip
        return
    for slot, name in doc.fields.items():
        path = f"heartbeat.fields.{slot}"
        found = info.find(name)
        english, chinese = READ_TYPES[KINDS[slot]]
        if found is None:
            findings.add(
                "warning", path, NO_FIELD, CREATE_WRITABLE, object=info.name,
                field=name, wanted=english, wanted_zh=chinese,
            )  # fmt: skip
        elif not (found.createable and found.updateable):
            findings.add(
                "warning", path, NO_EDIT, GRANT_EDIT, object=info.name, field=found.name
            )  # fmt: skip
        else:
            findings.add(
                "ok", path, "{slot} is written to {object}.{field}.",
                slot=slot, object=info.name, field=found.name,
            )  # fmt: skip
