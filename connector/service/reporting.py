"""What is: status, journal and problems, read without taking the lease."""

from __future__ import annotations

from typing import Any

from connector.errors import StateError
from connector.ledger import open_snapshot
from connector.ports.store import JournalEvent
from connector.service.office import Office


def status(office: Office) -> dict[str, Any]:
    """Last runs, connections, conflicts and quarantined rows."""
    return {
        "folder": str(office.folder),
        "policy": office.policy.id,
        "decided": dict(office.store.decided_basis()),
        "runs": [
            {
                "run": r.run_id,
                "kind": r.kind,
                "started": r.started_at.isoformat(timespec="seconds"),
                "as_of": r.as_of.isoformat(),
                "outcome": r.outcome,
                "exit_code": r.exit_code,
            }
            for r in office.store.last_runs(5)
        ],
        "connections": [_connection(office, name) for name in office.connection_names],
        "problems": problems(office),
    }


def _connection(office: Office, name: str) -> dict[str, Any]:
    conflicts = office.store.open_conflicts(name)
    return {
        "name": name,
        "writes": name in office.writing_names,
        "first_contact": office.store.first_contact(name),
        "open_changes": len(office.store.open_changes(name)),
        "conflicts": [
            {
                "record": c.record_id,
                "label": c.label,
                "modified_by": c.modified_by,
                "modified_at": c.modified_at,
                "fields": [
                    {
                        "field": f.field,
                        "base": f.base,
                        "theirs": f.theirs,
                        "ours": f.ours,
                        "owner": f.owner.value,
                    }
                    for f in c.fields
                ],
            }
            for c in conflicts
        ],
    }


def problems(office: Office) -> list[dict[str, Any]]:
    """Quarantined rows of the published ledger: file and line or record, field and reason."""
    try:
        with open_snapshot(office.snapshots) as snapshot:
            rows: list[dict[str, Any]] = snapshot.query(
                "SELECT connection, feed, where_from, record_id, field, reason, raw "
                "FROM problem_current ORDER BY connection, feed, where_from, field"
            ).to_pylist()
            return rows
    except StateError:
        return []


def journal(
    office: Office, connection: str, record_id: str = "", limit: int = 50
) -> list[JournalEvent]:
    """Latest events first; InputError for an unknown connection."""
    office.expect(connection)
    return list(office.store.journal(connection, record_id=record_id, limit=limit))


def verify_journal(office: Office, connection: str) -> int:
    """How many events the hash chain holds; StateError at the first that does not fit.

    InputError for an unknown connection: its empty chain would hold.
    """
    office.expect(connection)
    return office.store.verify_journal(connection)
