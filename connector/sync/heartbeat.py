"""Heartbeat: at the end of a complete run one record in the CRM tells when that was.

Credit fields stand still while nothing crosses a threshold, so their own age says nothing. Panels
read this record instead, and no account is written for freshness.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC

from connector.domain.entities import Kind
from connector.domain.values import canonical
from connector.errors import BudgetError, SecretError, SignInError, VendorError
from connector.logs import get_logger
from connector.mapping.document import HeartbeatDoc, HeartbeatSlot
from connector.ports.heartbeat import WRITTEN, HeartbeatPort, as_heartbeat
from connector.sync.desk import Connection, Desk


def beat(
    desk: Desk, connections: Sequence[Connection], incomplete: Collection[str] = ()
) -> dict[str, str]:
    """Note each connection whose run was complete, in the store and in its CRM.

    Not for first contact, nor for those named in `incomplete`: their fields are older than the
    run. Returns what became of each heartbeat: `written`, or the sentence why not; a record that
    cannot be written does not make a failure of the run.
    """
    told: dict[str, str] = {}
    for connection in connections:
        name = connection.name
        if connection.target is None or name in incomplete or desk.store.first_contact(name):
            continue
        desk.store.note_refreshed(name, desk.clock.now(), desk.fence)
        doc, keeper = connection.mapping.heartbeat, as_heartbeat(connection.target)
        if doc is not None and keeper is not None:
            told[name] = _write(keeper, desk, connection, doc)
            get_logger(run=desk.run_id).info("heartbeat", connection=name, outcome=told[name])
    return told


def _write(keeper: HeartbeatPort, desk: Desk, connection: Connection, doc: HeartbeatDoc) -> str:
    try:
        keeper.write_heartbeat(doc.object, _values(desk, connection, doc))
    except (VendorError, BudgetError, SecretError, SignInError) as error:
        return str(error)
    return WRITTEN


def _values(desk: Desk, connection: Connection, doc: HeartbeatDoc) -> dict[str, str | None]:
    now = desk.clock.now().astimezone(UTC).replace(microsecond=0)
    slots: dict[HeartbeatSlot, str | None] = {
        "refreshed_at": canonical(now, Kind.TIMESTAMP),
        "as_of": canonical(desk.as_of, Kind.DATE),
        "stale_after_hours": canonical(desk.house.stale_after_hours, Kind.COUNT),
        "connection": canonical(connection.name, Kind.TEXT),
    }
    return {field: slots[slot] for slot, field in doc.fields.items()}
