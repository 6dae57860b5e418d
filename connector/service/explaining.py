"""Why an account has its decision: from the published ledger and the decisions in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from connector.credit.reasons.explain import explain
from connector.credit.reasons.letter import write_letter
from connector.credit.reasons.notes import notes_of
from connector.credit.reasons.speaker import Amounts
from connector.domain.texts import Language
from connector.errors import InputError, StateError
from connector.ledger import open_snapshot
from connector.service.accounts import find_account
from connector.service.office import Office

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


def explain_account(
    office: Office,
    wanted: str,
    language: Language,
    amounts: Amounts = "one",
    for_customer: bool = False,
) -> Explained:
    """Explain one account, named by record id, account number or (part of its) name.

    `for_customer` leaves out all that others told us; `amounts` may stand in units of 10,000.

    InputError when none or several fit, or when the account is out of scope (with the reason);
    StateError before the first run.
    """
    with open_snapshot(office.snapshots) as snapshot:
        _expect_decided(snapshot.query, office)
        account = find_account(snapshot.query, wanted)
        scope = snapshot.query(_SCOPE, [account["party_id"]]).to_pylist()
    tables = office.store.decision_tables(account["party_id"])
    if tables["decision"].num_rows == 0:
        raise InputError(
            "{name} has no decision: it is out of scope ({reason}).",
            next_step="Accounts with terms, open items, a limit or recent orders are in scope.",
            name=account["name"],
            reason=scope[0]["reason"] if scope else "not seen yet",
        )
    write = write_letter if for_customer else explain
    lines = write(tables, language, name=account["name"], amounts=amounts)
    return Explained(account, tuple(lines), tables)


def _expect_decided(query: Any, office: Office) -> None:
    """StateError for a copy of facts that were pulled and never decided on."""
    if query("SELECT 1 FROM information_schema.tables WHERE table_name = 'scope'").num_rows == 0:
        raise StateError(
            "Nothing has been decided yet: facts were pulled, and that is all.",
            where=str(office.folder),
            next_step="Run `creditflag run` first.",
        )
