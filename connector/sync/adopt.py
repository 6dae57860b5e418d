"""First contact: limits, grades and holds already in the CRM are taken over, not overwritten.

A value found in a field that we never wrote is adopted: the limit becomes the party's approved
limit with source `inherited` and a review date, grade and hold stay as they are until a person
decides. The comparison report sets ours beside them, in the record's currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

import pyarrow as pa

from connector.domain.catalogue import CREDIT_FIELDS
from connector.domain.decision import TOTAL
from connector.domain.entities import LIMIT_STATES
from connector.mapping.targets import WriteTarget
from connector.mapping.write import read_limit
from connector.ports.store import ADOPTED_SCHEMA, APPROVED_LIMIT_SCHEMA
from connector.sync.desk import Connection, Desk
from connector.sync.exchange import fill_run_rates, rates_at

_ONE, _MONEY = Decimal(1), Decimal("0.0001")
_CAREFUL = ("cash_only", "amount", "unlimited")
"""Stated limits from the most careful to the least."""

REVIEW_AFTER_DAYS = 90
"""Inherited values are due for review after this many days."""

_FOUND = """
SELECT seen.object_name, seen.record_id, seen.field, rule.credit_field, seen.value,
       link.party_id, CAST(? AS DATE) AS adopted_on, CAST(? AS DATE) AS review_on
FROM seen
JOIN rule ON rule.object_name = seen.object_name AND rule.field = seen.field
JOIN account_party AS link
  ON link.connection = seen.connection AND link.account_id = seen.record_id
LEFT JOIN last_written AS written ON written.object_name = seen.object_name
  AND written.record_id = seen.record_id AND written.field = seen.field
LEFT JOIN adopted ON adopted.object_name = seen.object_name
  AND adopted.record_id = seen.record_id AND adopted.field = seen.field
WHERE seen.connection = ? AND seen.value IS NOT NULL
  AND written.field IS NULL AND adopted.field IS NULL
  AND NOT (rule.credit_field = 'hold' AND seen.value <> 'true')
ORDER BY link.party_id, seen.record_id, rule.credit_field
"""

_COMPARED = """
SELECT account.name AS account, adopted.record_id, adopted.credit_field,
       adopted.value AS theirs,
       CASE adopted.credit_field
           WHEN 'limit' THEN CASE d.proposed_state WHEN 'amount'
               THEN CAST(CAST(CASE WHEN upper(account.currency) <> d.currency
                   THEN CAST(d.proposed_amount AS DOUBLE) / rate.rate
                   ELSE d.proposed_amount END AS DECIMAL(18,2)) AS VARCHAR)
               ELSE d.proposed_state END
           WHEN 'limit_state' THEN d.proposed_state
           WHEN 'grade' THEN d.grade
           WHEN 'hold' THEN CAST(d.hold AS VARCHAR) END AS ours,
       CAST(adopted.review_on AS VARCHAR) AS review_on
FROM adopted
JOIN account_current AS account ON account.connection = ? AND account.id = adopted.record_id
LEFT JOIN decided AS d ON d.party_id = adopted.party_id AND d.selling_company = ''
LEFT JOIN rate ON rate.currency = upper(account.currency)
ORDER BY account.name, adopted.credit_field
"""


def adopt(desk: Desk, connection: Connection) -> int:
    """Adopt what the CRM holds in fields we never wrote; how many values were adopted.

    Only until a plan was applied: a limit that somebody types in later is a conflict, because
    nobody raises a limit by typing it.
    """
    targets = connection.mapping.targets
    if connection.target is None or not targets or not desk.store.first_contact(connection.name):
        return 0
    review_on = desk.as_of + timedelta(days=REVIEW_AFTER_DAYS)
    found = desk.ledger.query(
        _FOUND,
        [desk.as_of, review_on, connection.name],
        {
            "rule": _adopting_fields(targets),
            "last_written": desk.store.last_written(connection.name),
            "adopted": desk.store.adopted(connection.name),
        },
    ).cast(ADOPTED_SCHEMA)
    if found.num_rows == 0:
        return 0
    limits = _inherited_limits(desk, connection, found)
    desk.store.put_approved_limits(limits, desk.fence)
    return desk.store.adopt(connection.name, found, desk.fence)


def _inherited_limits(desk: Desk, connection: Connection, found: pa.Table) -> pa.Table:
    """The limit of each party without one, as its accounts in the CRM state it.

    An amount in another currency is taken over at the day's rate; without a rate it is unknown and
    states none.

    Where accounts of one party differ, the smallest stated limit is inherited: a person reviews
    it, and until then the careful one holds. The word for an amount without an amount states none.
    """
    known = set(desk.store.approved_limits()["party_id"].to_pylist())
    by_object = {target.object_name: target for target in connection.mapping.targets}
    worth = _worth_of_accounts(desk, connection.name)
    stated: dict[str, tuple[int, Decimal, str]] = {}
    rows = [
        r for r in found.to_pylist()
        if r["credit_field"] in ("limit", "limit_state") and r["party_id"] not in known
    ]  # fmt: skip
    for key, group in groupby(
        rows, key=lambda r: (r["party_id"], r["object_name"], r["record_id"])
    ):
        state, amount = read_limit(by_object[key[1]], {r["field"]: r["value"] for r in group})
        unsaid = state == "amount" and amount is None
        if state not in LIMIT_STATES or state == "none" or unsaid:
            continue
        rate = worth.get(key[2], _ONE) if state == "amount" else _ONE
        if rate is None:
            continue
        figure = (Decimal(amount or 0) * rate).quantize(_MONEY)
        rank = (_CAREFUL.index(state), figure, state)
        stated[key[0]] = min(stated.get(key[0], rank), rank)
    return pa.Table.from_pylist(
        [
            {
                "party_id": party_id, "selling_company": TOTAL, "state": state,
                "amount": figure if state == "amount" else None,
                "currency": desk.house.company_currency, "source": "inherited", "approver": None,
                "valid_from": desk.as_of, "valid_to": None,
                "review_on": desk.as_of + timedelta(days=REVIEW_AFTER_DAYS),
            }
            for party_id, (_, figure, state) in stated.items()
        ],
        schema=APPROVED_LIMIT_SCHEMA,
    )  # fmt: skip


def _worth_of_accounts(desk: Desk, connection: str) -> dict[str, Decimal | None]:
    """Units of the company's currency for one of the account's, for each account with another
    currency; None where no rate is known."""
    foreign = desk.ledger.query(
        "SELECT id, upper(currency) AS currency FROM account_current "
        "WHERE connection = ? AND upper(currency) <> ?",
        [connection, desk.house.company_currency],
    )
    if foreign.num_rows == 0:
        return {}
    fill_run_rates(desk.ledger, desk.house.company_currency, desk.house.rates, desk.as_of)
    rates = {row["currency"]: row["rate"] for row in rates_at(desk.ledger, desk.as_of).to_pylist()}
    return {row["id"]: rates.get(row["currency"]) for row in foreign.to_pylist()}


def compare_adopted(
    desk: Desk, connection: Connection, decided: Mapping[str, pa.Table]
) -> list[dict[str, str | None]]:
    """The comparison report: every adopted value with what we would have written."""
    rows: list[dict[str, str | None]] = desk.ledger.query(
        _COMPARED,
        [connection.name],
        {
            "adopted": desk.store.adopted(connection.name),
            "decided": decided["decision"],
            "rate": rates_at(desk.ledger, desk.as_of),
        },
    ).to_pylist()
    return rows


def _adopting_fields(targets: Sequence[WriteTarget]) -> pa.Table:
    listed = [
        (target.object_name, field.field, name)
        for target in targets
        for name, field in target.fields.items()
        if CREDIT_FIELDS[name].adopts
    ]
    columns = ("object_name", "field", "credit_field")
    return pa.table(
        {
            column: pa.array([row[i] for row in listed], pa.string())
            for i, column in enumerate(columns)
        }
    )
