"""The whole check: read, look, and say what is wrong."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pyarrow as pa

from connector.ledger.scratch import open_scratch
from connector.service.health.accounts import KNOWN_SCHEMA
from connector.service.health.numbers import list_numbers
from connector.service.health.reading import Reading, list_problems, read_connection
from connector.service.health.report import (
    LEVELS,
    MOST_EXAMPLES,
    Example,
    HealthFinding,
    HealthReport,
    file_of,
    gather,
    owners_by_key,
)
from connector.service.health.rules import list_rules
from connector.sync.desk import Connection


def check_files(connection: Connection, as_of: date, known: pa.Table | None = None) -> HealthReport:
    """Read every file of the connection and say what is wrong with it.

    `known` (KNOWN_SCHEMA) holds the CRM's accounts; without it nothing is said about links.
    """
    reading = read_connection(connection)
    accounts = known if known is not None else KNOWN_SCHEMA.empty_table()
    owners = owners_by_key(accounts)
    tables = reading.tables()
    findings = [*list_problems(reading), *list_numbers(tables, accounts)]
    with open_scratch({**tables, "known_account": accounts}) as scratch:
        for rule in list_rules():
            if not tables[rule.entity].num_rows:
                continue
            query = rule.query()
            found = scratch.query(query, {"as_of": as_of} if "$as_of" in query else None)
            if found.num_rows:
                findings.append(gather(rule, found, owners))
    findings += _list_unread(connection, reading)
    ranked = sorted(findings, key=lambda f: (LEVELS.index(f.level), -f.count, f.code, f.entity))
    rows = {name: table.num_rows for name, table in tables.items() if table.num_rows}
    return HealthReport(rows, tuple(sorted(reading.places)), tuple(ranked), known is not None)


def _list_unread(connection: Connection, reading: Reading) -> list[HealthFinding]:
    """Tables in the folder that no feed reads."""
    places = {place.casefold() for place in reading.places}
    unread = []
    for name in connection.adapter.list_objects():
        file = name.partition("#")[0]
        if {name.casefold(), file.casefold()} & places:
            continue
        info = connection.adapter.describe(name)
        if info is not None and len(info.fields) > 1:
            unread.append(name)
    if not unread:
        return []
    return [
        HealthFinding(
            "unread_table", "warning", "", UNREAD, GIVE_IT_A_NAME, len(unread),
            tuple(Example(name, "") for name in unread[:MOST_EXAMPLES]),
            dict(Counter(file_of(name) for name in unread)),
        )
    ]  # fmt: skip


UNREAD = "No feed reads the table, or a newer list took its place."
GIVE_IT_A_NAME = (
    "Give file or sheet a name that the mapping reads, or name the document that reads it in the "
    "connection's `mapping`: files-credit reads the department's forms."
)
