"""Link: accounts become parties, documents meet their party. Names never link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from connector.ledger import Ledger


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What linking found.

    `unlinked` counts documents without a party by (entity, reason); the table `unlinked` lists
    them. `unused_identifiers` were given but cannot be trusted to link (placeholders, failed check
    digits, register or tax numbers without a country). `moved` are accounts whose party is another
    than last time (connection, account_id, from_party, to_party): whatever people decided about
    the old party does not follow by itself.
    """

    accounts: int
    parties: int
    shared_parties: int
    confirmed: int
    unused_identifiers: int
    unlinked: Mapping[tuple[str, str], int] = field(default_factory=dict)
    moved: pa.Table | None = None


def link(
    ledger: Ledger, confirmed_links: pa.Table, truth: Mapping[str, tuple[str, ...]], run_id: str
) -> LinkReport:
    """Link the ledger's accounts and documents anew, in one transaction.

    Accounts that share an identifier that can be trusted are one party, and so are merged ones;
    `confirmed_links` (LINK_SCHEMA) override. `truth` names, for an entity, the connections whose
    rows count; an entity without an entry takes all. Leaves `account_party`, `party`, `unlinked`,
    `party_moved` and the views `linked.<entity>` in the ledger; the same facts give the same links.
    """
    unused = ledger.relink(confirmed_links, truth, run_id)
    return _report(ledger, unused, run_id)


def _report(ledger: Ledger, unused: int, run_id: str) -> LinkReport:
    totals = ledger.query(
        "SELECT count(*) AS accounts, count(DISTINCT party_id) AS parties, "
        "count(*) FILTER (basis = 'confirmed') AS confirmed, "
        "(SELECT count(*) FROM (SELECT party_id FROM account_party GROUP BY party_id "
        "HAVING count(*) > 1)) AS shared FROM account_party"
    ).to_pylist()[0]
    unlinked = ledger.query(
        "SELECT entity, reason, count(*) AS n FROM unlinked GROUP BY ALL ORDER BY ALL"
    ).to_pylist()
    moved = ledger.query(
        "SELECT connection, account_id, from_party, to_party FROM party_moved "
        "WHERE run_id = ? ORDER BY ALL",
        [run_id],
    )
    return LinkReport(
        accounts=totals["accounts"],
        parties=totals["parties"],
        shared_parties=totals["shared"],
        confirmed=totals["confirmed"],
        unused_identifiers=unused,
        unlinked={(row["entity"], row["reason"]): row["n"] for row in unlinked},
        moved=moved,
    )
