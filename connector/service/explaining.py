"""Why an account has its decision: from the published ledger and the decisions in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from connector.credit.reasons.explain import explain
from connector.credit.reasons.notes import notes_of
from connector.domain.texts import Language
from connector.errors import InputError, StateError
from connector.ledger import open_snapshot
from connector.service.office import Office

MOST_LISTED = 10

_FIND = """
SELECT account.connection, account.id, account.name, account.account_number, link.party_id
FROM account_current AS account
JOIN account_party AS link ON link.connection = account.connection AND link.account_id = account.id
WHERE {condition}
ORDER BY account.connection, account.name, account.id
"""
_EXACT = (
    "account.id = ? OR left(account.id, 15) = ?",
    "account.account_number = ?",
    "lower(account.name) = lower(?)",
    "contains(lower(account.name), lower(?))",
)
_SCOPE = "SELECT in_scope, reason FROM scope WHERE party_id = ?"


@dataclass(frozen=True, slots=True)
class Explained:
    """An account with its decision explained: `lines` for people, `tables` for programs."""

    account: Mapping[str, str | None]
    lines: tuple[str, ...]
    tables: Mapping[str, pa.Table]

    def as_json(self) -> dict[str, Any]:
        """Account and decision tables as JSON-able rows; metrics with their `notes`."""
        rows = {name: table.to_pylist() for name, table in self.tables.items()}
        states = {row["selling_company"]: row["approved_state"] for row in rows["decision"]}
        for row in rows["metric"]:
            row["notes"] = notes_of(row, states[row["selling_company"]])
        return {"account": dict(self.account), **rows}


def explain_account(office: Office, wanted: str, language: Language) -> Explained:
    """Explain one account, named by record id, account number or (part of its) name.

    InputError when none or several fit, or when the account is out of scope (with the reason);
    StateError before the first run.
    """
    with open_snapshot(office.snapshots) as snapshot:
        _expect_decided(snapshot.query, office)
        account = _find(snapshot.query, wanted)
        scope = snapshot.query(_SCOPE, [account["party_id"]]).to_pylist()
    tables = office.store.decision_tables(account["party_id"])
    if tables["decision"].num_rows == 0:
        raise InputError(
            "{name} has no decision: it is out of scope ({reason}).",
            next_step="Accounts with terms, open items, a limit or recent orders are in scope.",
            name=account["name"],
            reason=scope[0]["reason"] if scope else "not seen yet",
        )
    return Explained(account, tuple(explain(tables, language, name=account["name"])), tables)


def _expect_decided(query: Any, office: Office) -> None:
    """StateError for a copy of facts that were pulled and never decided on."""
    if query("SELECT 1 FROM information_schema.tables WHERE table_name = 'scope'").num_rows == 0:
        raise StateError(
            "Nothing has been decided yet: facts were pulled, and that is all.",
            where=str(office.folder),
            next_step="Run `creditflag run` first.",
        )


def _find(query: Any, wanted: str) -> dict[str, Any]:
    for condition in _EXACT:
        values = [wanted] * condition.count("?")
        rows: list[dict[str, Any]] = query(
            _FIND.replace("{condition}", condition), values
        ).to_pylist()
        if len(rows) == 1:
            return rows[0]
        if rows:
            listed = ", ".join(f"{r['name']} ({r['id']})" for r in rows[:MOST_LISTED])
            raise InputError(
                "{n} accounts fit {wanted}: {listed}.",
                next_step="Name one by its record id.",
                n=len(rows),
                wanted=wanted,
                listed=listed,
            )
    raise InputError(
        "No account fits {wanted}.",
        next_step="Give a record id, an account number, or part of the name.",
        wanted=wanted,
    )
