"""What every party in scope owes net, kept in the ledger, so that readers see shares of the book
without asking the store for all decisions."""

from __future__ import annotations

import pyarrow as pa

from connector.ledger import Ledger


def keep_exposures(ledger: Ledger, decision: pa.Table) -> None:
    """Bring `exposure_kept` (party_id, net_exposure) up to date with these decisions, of all
    parties or of some; who left the scope leaves it."""
    ledger.query(
        "CREATE TABLE IF NOT EXISTS exposure_kept (party_id VARCHAR, net_exposure DECIMAL(18,4))"
    )
    given = {"decided": decision}
    with ledger.as_one():
        ledger.query(_LEAVE, None, given)
        ledger.query(_ENTER, None, given)


_LEAVE = """
DELETE FROM exposure_kept WHERE party_id IN (SELECT party_id FROM decided)
    OR party_id NOT IN (SELECT party_id FROM scope WHERE in_scope)
"""
_ENTER = """
INSERT INTO exposure_kept SELECT party_id, net_exposure FROM decided
WHERE selling_company = '' AND net_exposure IS NOT NULL
"""
