"""The accounts of the CRM, as the published ledger has them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from connector.errors import StateError
from connector.ledger import open_snapshot

KNOWN_SCHEMA = pa.schema(
    [("account_field", pa.string()), ("account_key", pa.string()), ("terms_days", pa.int64()),
     ("registration_no", pa.string()), ("country", pa.string()), ("owner", pa.string()),
     ("name", pa.string())]
)  # fmt: skip
"""How accounts of the CRM may be named, and who owns them."""


def find_known_accounts(snapshots: Path, connection: str) -> pa.Table | None:
    """The accounts of a connection in the published ledger; None when there are none."""
    fields = ("account_number", "registration_no", "tax_no", "duns", "lei")
    named = " UNION ALL ".join(
        f"SELECT '{name}', {_spell(name)}, terms_days, registration_no, country, owner_id, name "  # noqa: S608  # our words
        "FROM a"
        for name in fields
    )
    try:
        with open_snapshot(snapshots) as snapshot:
            found = snapshot.query(
                "WITH a AS (FROM account_current WHERE connection = $connection), "  # noqa: S608  # our words
                "every(account_field, account_key, terms_days, registration_no, country, owner_id, "
                "name) AS (SELECT 'id', id, terms_days, registration_no, country, owner_id, name "
                f"FROM a UNION ALL {named}) SELECT e.account_field, e.account_key, e.terms_days, "
                "e.registration_no, e.country, coalesce(u.name, u.email, e.owner_id) AS owner, "
                "e.name FROM every AS e LEFT JOIN user_current AS u ON u.connection = $connection "
                "AND u.id = e.owner_id WHERE e.account_key IS NOT NULL",
                {"connection": connection},
            )
    except StateError:
        return None
    return found.cast(KNOWN_SCHEMA) if found.num_rows else None


def _spell(column: str) -> str:
    if column == "account_number":
        return "trim(account_number)"
    return f"nullif(upper(regexp_replace({column}, '[^0-9A-Za-z]', '', 'g')), '')"
