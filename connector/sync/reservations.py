"""Reserved credit comes back when its order shows up in the ledger: from then on the order itself
counts."""

from __future__ import annotations

import pyarrow as pa

from connector.sync.desk import Desk

ORDERED = "ordered"

_ARRIVED = """
SELECT DISTINCT held.reservation_id
FROM held JOIN linked."order" AS o
  ON o.party_id = held.party_id AND o.number = held.order_number
WHERE o.state <> 'draft' AND (o.known_at >= held.made_at OR o.state = 'cancelled')
"""


def end_arrived(desk: Desk) -> int:
    """End reservations whose order has been told since, or was cancelled; how many were ended.

    Runs after decisions came into force: in between an order may count twice, never not at all.
    """
    now = desk.clock.now()
    held = desk.store.orders.reservations(now)
    if not held:
        return 0
    table = pa.table(
        {
            "reservation_id": [r.reservation_id for r in held],
            "party_id": [r.party_id for r in held],
            "order_number": [r.order_number for r in held],
            "made_at": pa.array([r.made_at.replace(tzinfo=None) for r in held], pa.timestamp("us")),
        }
    )
    found = desk.ledger.query(_ARRIVED, None, {"held": table})["reservation_id"].to_pylist()
    return desk.store.orders.end_reservations(found, ORDERED, now) if found else 0
