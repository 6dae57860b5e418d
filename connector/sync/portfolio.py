"""How the whole book is spread, kept in the ledger: one state a day, the last one decided.

So readers see concentration, and how it went, without deciding again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from connector.domain.portfolio import PORTFOLIO_TABLES
from connector.ledger import Ledger
from connector.ledger.tables import SQL_TYPES, quoted


def keep_portfolio(
    ledger: Ledger, spread: Mapping[str, pa.Table], as_of: date, currency: str
) -> None:
    """Put the tables of `domain.portfolio` in place of those of the same day.

    Each is kept as `<name>_kept` with the columns as_of and currency before its own. No tables, as
    of a part of the book, leave the day's state as it is.
    """
    with ledger.as_one():
        for name, table in spread.items():
            columns = PORTFOLIO_TABLES[name].columns
            own = ", ".join(f"{quoted(c.name)} {SQL_TYPES[c.kind]}" for c in columns)
            ledger.query(
                f"CREATE TABLE IF NOT EXISTS {name}_kept (as_of DATE, currency VARCHAR, {own})"
            )
            ledger.query(f"DELETE FROM {name}_kept WHERE as_of = ?", [as_of])  # noqa: S608  # our names
            ledger.query(
                f"INSERT INTO {name}_kept BY NAME "  # noqa: S608  # our names
                "SELECT $as_of::DATE AS as_of, $currency AS currency, spread.* FROM spread",
                {"as_of": as_of, "currency": currency},
                {"spread": table},
            )
