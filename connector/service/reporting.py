"""What is: status, journal and problems, read without taking the lease."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from connector.errors import StateError
from connector.ledger import open_snapshot
from connector.ports.allowance import CallUse
from connector.ports.store import Freshness, JournalEvent, ScheduledJob
from connector.service.office import Office
from connector.sync.rollout import stage_of

DAEMON_LEASE = "daemon"
"""The lease that a daemon at work holds in the store."""
_NO_CALLS = CallUse(0)
_DRIFT = (
    "SELECT connection, object_name, field, kind, before, after, policy, "
    "strftime(known_at, '%Y-%m-%d') AS since FROM drift "
    "ORDER BY known_at DESC, object_name, field LIMIT 20"
)


def status(office: Office) -> dict[str, Any]:
    """Last runs, jobs, leases, connections with freshness and conflicts, quarantined rows."""
    fresh = {row.pop("name"): row for row in measure_freshness(office)}
    calls = office.store.call_use(office.clock.now())
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
        "jobs": [_job(office, job) for job in office.store.jobs()],
        "leases": [
            {
                "name": h.name,
                "owner": h.owner,
                "since": h.since.isoformat(timespec="seconds"),
                "expires": h.expires.isoformat(timespec="seconds"),
            }
            for h in office.store.lease_holders(office.clock.now())
        ],
        "connections": [
            {
                **_connection(office, name),
                **fresh[name],
                "calls": asdict(calls.get(name, _NO_CALLS)),
            }
            for name in office.connection_names
        ],
        "problems": problems(office),
        "drift": drift(office),
    }


def measure_freshness(office: Office) -> list[dict[str, Any]]:
    """Each connection: when it was last read and refreshed, and whether that is too long ago.

    One that is written to is as fresh as its last complete run; one that is only read, or waits
    for its first plan to be applied, or is only observed, as its last pull.
    """
    known = office.store.freshness()
    latest = office.clock.now() - timedelta(hours=office.house.stale_after_hours)
    rows = []
    for name in office.connection_names:
        found = known.get(name, Freshness())
        runs = (
            name in office.writing_names
            and not office.store.first_contact(name)
            and stage_of(office.store, office.house, name).writes
        )
        counts = found.refreshed_at if runs else found.pulled_at
        rows.append(
            {
                "name": name,
                "pulled_at": _shown(found.pulled_at),
                "refreshed_at": _shown(found.refreshed_at),
                "stale": counts is None or counts < latest,
            }
        )
    return rows


def is_well(content: Mapping[str, Any]) -> bool:
    """Whether a status tells of a daemon at work and of no stale connection."""
    held = any(lease["name"] == DAEMON_LEASE for lease in content["leases"])
    return held and not any(connection["stale"] for connection in content["connections"])


def _job(office: Office, job: ScheduledJob) -> dict[str, Any]:
    return {
        "name": job.name,
        "do": job.kind,
        "connection": job.connection,
        "when": job.spec,
        "timezone": job.timezone,
        "next_due": _shown(job.next_due),
        "late": job.next_due < office.clock.now(),
        "last_started": _shown(job.last_started),
        "last_ended": _shown(job.last_ended),
        "last_ok": _shown(job.last_ok),
        "last_outcome": job.last_outcome,
        "last_error": job.last_error,
        "missed": job.missed,
    }


def _shown(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _connection(office: Office, name: str) -> dict[str, Any]:
    conflicts = office.store.open_conflicts(name)
    return {
        "name": name,
        "writes": name in office.writing_names,
        "first_contact": office.store.first_contact(name),
        "stage": stage_of(office.store, office.house, name).value,
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


def drift(office: Office) -> list[dict[str, Any]]:
    """The latest changes at the sources that concerned a mapping, newest first."""
    try:
        with open_snapshot(office.snapshots) as snapshot:
            if not snapshot.query("FROM duckdb_tables() WHERE table_name = 'drift'").num_rows:
                return []
            rows: list[dict[str, Any]] = snapshot.query(_DRIFT).to_pylist()
            return rows
    except StateError:
        return []


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
