"""The decisions in force as the runs of a day computed them, kept in the ledger.

The store keeps what a decision says; a run that decides on some parties only also needs, for its
plan, how all others stand this very day, in words as well, and what they come to together.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from connector.credit.facts import Rest
from connector.domain.decision import DECISION_TABLES
from connector.domain.texts import Language
from connector.ledger import Ledger
from connector.ledger.tables import columns_sql, history_table

PLANNED = ("decision", "flag", "breakdown")
"""Decision tables that plans are made of; `wording` comes beside them."""


def keep_in_force(
    ledger: Ledger,
    run_id: str,
    tables: Mapping[str, pa.Table],
    language: Language,
    among: pa.Table | None,
) -> None:
    """Note what a run decided, with its wording; of all parties, or of those in `among`.

    Table `in_force`: party_id, run_id, owed, sales (company currency), reasons, reason_text,
    language. Inside a transaction.
    """
    ledger.query(_CREATE)
    if among is None:
        ledger.query("DELETE FROM in_force")
    else:
        ledger.query(
            "DELETE FROM in_force WHERE party_id IN (SELECT party_id FROM leaving)",
            None,
            {"leaving": among},
        )
    decided = {"decided": tables["decision"], "measured": tables["metric"]}
    ledger.query(
        _ENTER, {"run": run_id, "language": language}, {**decided, "worded": tables["wording"]}
    )


def rest_of_book(ledger: Ledger, but: pa.Table) -> Rest:
    """What all parties decided on come to, except those in `but`."""
    (row,) = ledger.query(_REST, None, {"leaving": but}).to_pylist()
    return Rest(row["owed"], row["names"], row["sales"])


def tables_of_others(ledger: Ledger, but: pa.Table) -> dict[str, pa.Table]:
    """The tables PLANNED, and `wording`, of all parties in force except those in `but`."""
    found = {}
    for name in PLANNED:
        columns = columns_sql(DECISION_TABLES[name].column_names, "h")
        found[name] = ledger.query(
            f"SELECT {columns} FROM {history_table(name)} AS h SEMI JOIN "  # noqa: S608  # our own names
            f"({_OTHERS}) AS f ON f.party_id = h.party_id AND f.run_id = h.run_id",
            None,
            {"leaving": but},
        )
    found["wording"] = ledger.query(
        f"SELECT party_id, reasons, reason_text FROM ({_OTHERS})",  # noqa: S608  # our own names
        None,
        {"leaving": but},
    )
    return found


def worded_in(ledger: Ledger, language: Language) -> bool:
    """Whether all that is in force is worded in this language."""
    other = ledger.query(
        "SELECT 1 FROM in_force WHERE language != $language LIMIT 1", {"language": language}
    )
    return bool(other.num_rows == 0)


_OTHERS = "FROM in_force WHERE party_id NOT IN (SELECT party_id FROM leaving)"

_CREATE = """
CREATE TABLE IF NOT EXISTS in_force (party_id VARCHAR, run_id VARCHAR, owed DECIMAL(18,4),
    sales DECIMAL(18,4), reasons VARCHAR, reason_text VARCHAR, language VARCHAR)
"""
_ENTER = """
INSERT INTO in_force
SELECT d.party_id, $run, greatest(d.net_exposure, 0), greatest(m.sales_year, 0), w.reasons,
    w.reason_text, $language
FROM decided AS d LEFT JOIN measured AS m ON m.party_id = d.party_id AND m.selling_company = ''
    LEFT JOIN worded AS w ON w.party_id = d.party_id
WHERE d.selling_company = ''
"""
_REST = f"""
SELECT coalesce(sum(owed), 0)::DECIMAL(18,4) AS owed,
    count(*) FILTER (owed > 0) AS names, coalesce(sum(sales), 0)::DECIMAL(18,4) AS sales
FROM ({_OTHERS})
"""  # noqa: S608  # our own names
