"""Who has to be decided on again: whose facts changed since the last decisions of the same day.

A decision rests on a party's documents, on what linking and the scope say of the party, on its own
prior state and limits, on its group, and on the grade of who guarantees for it. Documents tell by
their landing whose they are; of the rest a copy is kept as the last run read it, and compared.
What cannot be told party by party concerns all.
"""

from __future__ import annotations

import pyarrow as pa

from connector.credit.binding import whole_groups
from connector.credit.facts import PLAIN
from connector.ledger import Ledger
from connector.ledger.identifiers import spelled

_RESTS_ON = {
    "party": f"SELECT {', '.join(PLAIN['party'])} FROM party",  # noqa: S608  # our own names
    "scope": "SELECT party_id, in_scope FROM scope",
    "account_ref": "SELECT party_id, ref FROM account_ref WHERE party_id IS NOT NULL",
    "order_rest": "SELECT o.party_id, r.connection, r.id, r.uninvoiced FROM order_rest AS r "
    'JOIN linked."order" AS o ON o.connection = r.connection AND o.id = r.id',
    "prior": "SELECT party_id, selling_company, grade, hold, next_review FROM prior_read",
    "approved": "SELECT * FROM approved_read",
}
"""What besides documents a decision rests on, as queries; each names the party."""


def keep_rested_on(ledger: Ledger, run_id: str, approved: pa.Table, prior: pa.Table) -> None:
    """Keep what the decisions of a run rest on, for `changed_parties`; inside a transaction.

    `approved` and `prior` as the run read them (APPROVED_LIMIT_SCHEMA, PRIOR_SCHEMA).
    """
    read = {"approved_read": approved, "prior_read": prior}
    for name, query in _RESTS_ON.items():
        ledger.query(f"CREATE OR REPLACE TABLE rested_on_{name} AS {query}", None, read)
    ledger.query("CREATE OR REPLACE TABLE rested_on AS SELECT $run AS run_id", {"run": run_id})


def changed_parties(
    ledger: Ledger, run_id: str, seq: int, approved: pa.Table, prior: pa.Table
) -> pa.Table | None:
    """Parties (party_id) that may be decided otherwise than by run `run_id`, with their groups.

    `seq`: the last landing that it knew. None where it cannot be told, also when another run than
    that one was the last to keep what it rested on. Needs links and scope of this run.
    """
    if not kept_by(ledger, "rested_on", run_id):
        return None
    documents = ledger.parties_changed_since(seq)
    if documents is None:
        return None
    read = {"approved_read": approved, "prior_read": prior, "documents_of": documents}
    return whole_groups(ledger.connection, ledger.query(_changed_query(), None, read))


def kept_by(ledger: Ledger, table: str, run_id: str) -> bool:
    """Whether a table with the column run_id is there and was left by that run alone."""
    there = ledger.query("FROM duckdb_tables() WHERE table_name = $table", {"table": table})
    if there.num_rows == 0:
        return False
    found = ledger.query(f"SELECT DISTINCT run_id FROM {table}")  # noqa: S608  # our own names
    return list(found["run_id"].to_pylist()) == [run_id]


def _changed_query() -> str:
    differing = ", ".join(
        f"new_{name} AS ({query}), apart_{name} AS ("  # our own names
        f"(FROM new_{name} EXCEPT FROM rested_on_{name}) UNION ALL "
        f"(FROM rested_on_{name} EXCEPT FROM new_{name}))"
        for name, query in _RESTS_ON.items()
    )
    found = " UNION ".join(f"SELECT party_id FROM apart_{name}" for name in _RESTS_ON)  # noqa: S608
    return f"""
WITH {differing}, regraded AS (
    SELECT party_id FROM apart_prior UNION SELECT party_id FROM apart_party
), vouching AS (
    SELECT registration_no FROM (FROM new_party UNION ALL FROM rested_on_party)
    WHERE party_id IN (FROM regraded)
)
{found} UNION SELECT party_id FROM documents_of
UNION SELECT party_id FROM party WHERE group_id IN (SELECT group_id FROM apart_party)
UNION SELECT party_id FROM linked.guarantee
    WHERE {spelled("guarantor_key")} IN (SELECT registration_no FROM vouching)
"""  # noqa: S608  # our own names
