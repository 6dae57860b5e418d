"""The ledger: our versioned copy of the facts, in one DuckDB file."""

from connector.ledger.ledger import Ledger
from connector.ledger.snapshot import LedgerSnapshot, open_snapshot

__all__ = ["Ledger", "LedgerSnapshot", "open_snapshot"]
