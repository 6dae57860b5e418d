"""The pair of ledger and store: which ledger this store belongs to."""

from __future__ import annotations

from connector.errors import StateError
from connector.store.models import Seam


def bind_ledger(alias: str, ledger_id: str, last_seq: int) -> None:
    """Remember the ledger on first use, inside the caller's transaction.

    StateError for another ledger, and for one that ends before what was decided: its landings
    would repeat seqs that count as decided, and never be decided.
    """
    seam, _ = Seam.objects.using(alias).select_for_update().get_or_create(id=Seam.ONLY)
    if seam.ledger_id and seam.ledger_id != ledger_id:
        raise StateError(
            "The store belongs to ledger {known}, but the ledger found here is {found}.",
            next_step="Put the ledger that belongs to this store back from its backup, or begin"
            " with an empty store beside this ledger.",
            known=seam.ledger_id,
            found=ledger_id,
        )
    if last_seq < seam.decided_through_seq:
        raise StateError(
            "The ledger ends at landing {last}, but decisions were made up to landing {decided}:"
            " it was replaced by an older copy.",
            next_step="Put back the ledger and the store from the same backup.",
            last=last_seq,
            decided=seam.decided_through_seq,
        )
    seam.ledger_id, seam.ledger_seq = ledger_id, last_seq
    seam.save(using=alias)
