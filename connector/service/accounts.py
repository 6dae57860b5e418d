"""Which account a person means: by record id, account number, or (part of) its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.errors import InputError, StateError

MOST_LISTED = 10
MOST_SHOWN = 80
"""Characters of what was asked for that an error repeats."""

_FIND = """
SELECT account.connection, account.id, account.name, account.account_number, link.party_id
FROM (
    SELECT *, CASE
        WHEN id = $wanted OR left(id, 15) = $wanted THEN 1
        WHEN account_number = $wanted THEN 2
        WHEN lower(name) = lower($wanted) THEN 3
        WHEN contains(lower(name), lower($wanted)) THEN 4
    END AS fit
    FROM account_current
) AS account
JOIN account_party AS link ON link.connection = account.connection AND link.account_id = account.id
WHERE account.fit IS NOT NULL
QUALIFY account.fit = min(account.fit) OVER ()
ORDER BY account.connection, account.name, account.id
"""
"""Those that fit best: by id, else by number, else by name, else by a part of it."""

_LINKED = "SELECT 1 FROM information_schema.tables WHERE table_name = 'account_party'"


def find_account(query: Callable[..., Any], wanted: str) -> dict[str, Any]:
    """Connection, id, name, account_number and party_id of the one account that fits.

    `query` asks the ledger's copy for readers. InputError when none or several fit; StateError
    while accounts were pulled and never linked.
    """
    if query(_LINKED).num_rows == 0:
        raise StateError(
            "Accounts were pulled, but nothing was decided about them yet.",
            next_step="Run `creditflag run` first.",
        )
    rows: list[dict[str, Any]] = query(_FIND, {"wanted": wanted}).to_pylist()
    if len(rows) == 1:
        return rows[0]
    if rows:
        listed = ", ".join(f"{r['name']} ({r['id']})" for r in rows[:MOST_LISTED])
        raise InputError(
            "{n} accounts fit {wanted}: {listed}.",
            next_step="Name one by its record id.",
            n=len(rows),
            wanted=wanted[:MOST_SHOWN],
            listed=listed,
        )
    raise InputError(
        "No account fits {wanted}.",
        next_step="Give a record id, an account number, or part of the name.",
        wanted=wanted[:MOST_SHOWN],
    )
