"""Exchange rates as a dense table: one row a currency and day, so that joins need no search."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pyarrow as pa

from connector.domain.entities import Kind
from connector.ledger.ledger import Ledger
from connector.ports.facts import ARROW_TYPES

_CONSTANT_SCHEMA = pa.schema([("currency", pa.string()), ("rate", ARROW_TYPES[Kind.RATE])])


def fill_rates(
    ledger: Ledger,
    company_currency: str,
    constant_rates: Mapping[str, Decimal],
    first: date,
    last: date,
) -> int:
    """Fill table `fx` (currency, rate_date, rate DECIMAL(18,10)): 1 currency = rate company
    currency, for each day from `first` to `last`; the number of rows.

    A day's rate is the latest one known by then: quoted in the company currency, else the inverse
    of the company currency quoted in the other, else a cross over a third currency of which one of
    these is known that day. `constant_rates` (1 currency = rate company currency) hold until the
    first fact. Before its first rate a currency has no row: unknown is not 1. Rates that are not
    positive are ignored; of several for one day the first connection and id hold.
    """
    constants = pa.table(
        {"currency": list(constant_rates), "rate": list(constant_rates.values())},
        schema=_CONSTANT_SCHEMA,
    )
    ledger.query(
        _FILL,
        {"company": company_currency, "first": first, "last": last},
        {"constant_rate": constants},
    )
    return int(ledger.query("SELECT count(*) AS n FROM fx")["n"][0].as_py())


_FILL = """
CREATE OR REPLACE TABLE fx AS
WITH fact AS (
    SELECT upper(currency) AS currency, upper(quote) AS quote, rate_date,
        arg_min(rate, (connection, id)) AS rate
    FROM fx_rate_current WHERE rate > 0 AND rate_date <= $last GROUP BY ALL
), day AS (
    SELECT unnest(generate_series($first::DATE, $last::DATE, INTERVAL 1 DAY))::DATE AS rate_date
), constant AS (
    SELECT upper(currency) AS currency, DATE '0001-01-01' AS rate_date, rate FROM constant_rate
    WHERE upper(currency) != $company
), own AS (
    SELECT currency, rate_date, arg_min(rate, way) AS rate FROM (
        SELECT currency, rate_date, rate, 1 AS way FROM fact
        WHERE quote = $company AND currency != $company
        UNION ALL
        SELECT quote, rate_date, try_cast(1 / rate AS DECIMAL(18,10)), 2 FROM fact
        WHERE currency = $company AND quote != $company
        UNION ALL
        SELECT currency, rate_date, rate, 3 FROM constant
    ) WHERE rate > 0 GROUP BY ALL
), crossed AS (
    SELECT currency, rate_date, arg_min(rate, (way, third)) AS rate FROM (
        SELECT f.currency, f.rate_date, f.quote AS third, 1 AS way,
            try_cast(f.rate::DECIMAL(28,10) * o.rate AS DECIMAL(18,10)) AS rate
        FROM fact AS f ASOF JOIN own AS o ON o.currency = f.quote AND f.rate_date >= o.rate_date
        WHERE f.currency NOT IN (SELECT currency FROM own) AND f.currency != $company
        UNION ALL
        SELECT f.quote, f.rate_date, f.currency, 2, try_cast(o.rate / f.rate AS DECIMAL(18,10))
        FROM fact AS f ASOF JOIN own AS o ON o.currency = f.currency
            AND f.rate_date >= o.rate_date
        WHERE f.quote NOT IN (SELECT currency FROM own) AND f.quote != $company
    ) WHERE rate > 0 GROUP BY ALL
), known AS (FROM own UNION ALL FROM crossed)
SELECT c.currency, d.rate_date, k.rate
FROM (SELECT DISTINCT currency FROM known) AS c CROSS JOIN day AS d
    ASOF JOIN known AS k ON k.currency = c.currency AND d.rate_date >= k.rate_date
UNION ALL
SELECT $company, rate_date, 1::DECIMAL(18,10) FROM day
ORDER BY ALL
"""
