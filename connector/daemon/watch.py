"""What the health endpoints tell; nothing of it names a customer or a secret."""

from __future__ import annotations

from collections.abc import Mapping

from connector.daemon.claim import Claim
from connector.daemon.pulse import Pulse
from connector.errors import CreditflagError
from connector.logs import mask
from connector.service.office import Office
from connector.service.reporting import measure_freshness


def look_alive(pulse: Pulse) -> Mapping[str, object]:
    """Whether the process ticks."""
    return {
        "well": pulse.alive,
        "tick_age_seconds": round(pulse.age, 1),
        "started_at": pulse.started_at.isoformat(timespec="seconds"),
    }


def look_ready(office: Office, claim: Claim, pulse: Pulse) -> Mapping[str, object]:
    """Whether store and lease are ours, the last tick went well, and no connection is stale."""
    checks: dict[str, object] = {"tick": pulse.error or "ok"}
    try:
        holders = {h.name: h.owner for h in office.store.lease_holders(office.clock.now())}
        checks["store"] = "ok"
        checks["lease"] = "ok" if holders.get(claim.fence.name) == claim.fence.owner else "lost"
        for connection in measure_freshness(office):
            stale = connection["stale"]
            checks[f"connection {connection['name']}"] = "stale" if stale else "ok"
    except CreditflagError as error:
        checks["store"] = mask(str(error))
    finally:
        office.store.close()
    return {"well": pulse.alive and set(checks.values()) == {"ok"}, "checks": checks}
