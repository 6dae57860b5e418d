"""Amounts in the account's own currency: decided in the company's, written in the record's.

A CRM with several currencies shows an amount in the currency of its record, so a figure in the
company's currency would be read as another sum of money. The rate is a *settled* one: the rate of 1
January, replaced whenever the day's rate has come away from it by more than the policy's write
tolerance. Small moves of a rate then rewrite nothing, and the figure is never further off than the
tolerance. It depends on the rates and the day alone, so every run of a day finds the same.
Without a rate the amounts of a record are not written at all, and the plan names the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.change import Unwritable
from connector.domain.entities import Kind
from connector.ledger import Ledger
from connector.ledger.rates import fill_rates
from connector.mapping.targets import WriteTarget
from connector.ports.facts import ARROW_TYPES

RATE_DAYS = 800
"""Days of daily rates kept dense before the valuation date: the longest window and some."""

OF_MONEY = (
    "limit", "limit_state", "proposed_limit", "exposure", "available", "overdue", "ageing",
    "currency",
)  # fmt: skip
"""Credit fields that say an amount, or what an amount beside them means."""

_TEN_DIGITS = Decimal("1e-10")
_RATE_SCHEMA = pa.schema([("currency", pa.string()), ("rate", ARROW_TYPES[Kind.RATE])])
_FACTOR_SCHEMA = pa.schema([("currency", pa.string()), ("factor", ARROW_TYPES[Kind.RATE])])


@dataclass(frozen=True, slots=True)
class Spelled:
    """The records of a connection with their amounts in their own currencies.

    `home` has `per_unit` beside them: units of the record's currency for one of the company's.
    `lacking` names the currency of each record for which there is no rate.
    """

    home: pa.Table
    company_currency: str
    as_of: date | None
    lacking: Mapping[str, str]

    def without_lacking(self, desired: pa.Table) -> pa.Table:
        """The values to write, less the amounts that cannot be told in the record's currency."""
        if not self.lacking:
            return desired
        lacks = pc.is_in(desired["record_id"], value_set=pa.array(list(self.lacking)))
        money = pc.is_in(desired["credit_field"], value_set=pa.array(OF_MONEY))
        return desired.filter(pc.invert(pc.and_(lacks, money)))

    def unwritable(self, targets: Sequence[WriteTarget]) -> Iterable[Unwritable]:
        """One entry a record without a rate, naming the fields that stay as they are."""
        fields = [t.fields[name].field for t in targets for name in OF_MONEY if name in t.fields]
        for record_id, currency in self.lacking.items() if fields else ():
            reason = (
                f"there is no rate from {self.company_currency} to {currency} for {self.as_of}; "
                "give one under [rates] or map fx_rate"
            )
            yield Unwritable(record_id, ", ".join(fields), reason)


def fill_run_rates(
    ledger: Ledger, company_currency: str, constant: Mapping[str, Decimal], as_of: date
) -> None:
    """Make the ledger's daily rates up to the valuation date."""
    fill_rates(ledger, company_currency, constant, as_of - timedelta(days=RATE_DAYS), as_of)


def spell_amounts(ledger: Ledger, home: pa.Table, share: Decimal) -> Spelled:
    """The amounts of `home` in each record's `account_currency`, where that is another.

    `share` is the write tolerance within which a rate counts as settled.
    """
    foreign = _foreign(home)
    if not foreign:
        plain = home.append_column("per_unit", pa.repeat(pa.scalar(Decimal(1)), home.num_rows))
        return Spelled(plain, "", None, {})
    as_of: date = home["as_of"][0].as_py()
    rates = settle_rates(ledger, foreign, as_of, share)
    factors = {
        currency: (1 / rate).quantize(_TEN_DIGITS, ROUND_HALF_UP)
        for currency, rate in rates.items()
    }
    table = pa.table(
        {"currency": list(factors), "factor": list(factors.values())}, schema=_FACTOR_SCHEMA
    )
    spelled = ledger.query(_SPELL, None, {"home": home, "quiet_rate": table})
    lacks = spelled.filter(pc.is_null(spelled["per_unit"]))
    named = zip(lacks["record_id"].to_pylist(), lacks["account_currency"].to_pylist(), strict=True)
    return Spelled(spelled, home["currency"][0].as_py(), as_of, dict(named))


def _foreign(home: pa.Table) -> list[str]:
    """Currencies of records that differ from the one decided in."""
    if home.num_rows == 0:
        return []
    differs = pc.fill_null(pc.not_equal(home["account_currency"], home["currency"]), False)
    found: list[str] = pc.unique(home["account_currency"].filter(differs)).to_pylist()
    return sorted(found)


def settle_rates(
    ledger: Ledger, currencies: Sequence[str], as_of: date, share: Decimal
) -> dict[str, Decimal]:
    """The settled rate of each currency: units of the company's currency for one of it.

    Currencies without a rate by then are left out.
    """
    if not _has_rates(ledger):
        return {}
    rows = ledger.query(
        "SELECT currency, rate FROM fx JOIN wanted USING (currency) "
        "WHERE rate_date BETWEEN ? AND ? ORDER BY currency, rate_date",
        [as_of.replace(month=1, day=1), as_of],
        {"wanted": pa.table({"currency": pa.array(currencies, pa.string())})},
    ).to_pylist()
    settled: dict[str, Decimal] = {}
    for currency, days in groupby(rows, key=lambda row: row["currency"]):
        for row in days:
            at = settled.setdefault(currency, row["rate"])
            if abs(row["rate"] - at) > share * at:
                settled[currency] = row["rate"]
    return settled


def rates_at(ledger: Ledger, as_of: date) -> pa.Table:
    """The day's rates: currency, rate (units of the company's currency for one of it)."""
    if not _has_rates(ledger):
        return _RATE_SCHEMA.empty_table()
    return ledger.query("SELECT currency, rate FROM fx WHERE rate_date = ?", [as_of]).cast(
        _RATE_SCHEMA
    )


def _has_rates(ledger: Ledger) -> bool:
    """Whether the ledger's rates were made; before the first decision they are not."""
    found = ledger.query("SELECT 1 FROM information_schema.tables WHERE table_name = 'fx'")
    return bool(found.num_rows)


def _converted(column: str) -> str:
    """An amount × factor as DECIMAL(18,4), exact: (28,10) × (18,10), then back."""
    return (
        f"CASE WHEN other THEN CAST(CAST({column} AS DECIMAL(28,10)) * factor AS DECIMAL(18,4)) "
        f"ELSE {column} END AS {column}"
    )


_AMOUNTS = ", ".join(
    map(_converted, ('"limit"', "proposed_limit", "exposure", "available", "overdue"))
)

_SPELL = f"""
SELECT * EXCLUDE (other, factor)
       REPLACE (
           {_AMOUNTS},
           CASE WHEN other THEN account_currency ELSE currency END AS currency,
           CASE WHEN other AND ageing IS NOT NULL THEN
               '{{"buckets":[' || array_to_string(list_transform(
                   CAST(ageing -> '$.buckets' AS JSON[]),
                   lambda bucket: '["' || (bucket ->> 0) || '","' || CAST(CAST(
                       CAST(bucket ->> 1 AS DECIMAL(28,10)) * factor AS DECIMAL(18,2)) AS VARCHAR)
                       || '"]'), ',') || ']}}'
               ELSE ageing END AS ageing
       ),
       CASE WHEN other THEN factor ELSE 1 END AS per_unit
FROM (
    SELECT home.*, quiet_rate.factor,
           coalesce(home.account_currency <> home.currency, FALSE) AS other
    FROM home LEFT JOIN quiet_rate ON quiet_rate.currency = home.account_currency
)
ORDER BY record_id
"""  # noqa: S608  # column names of this module
