"""Identifiers that may link accounts: which are plausible, and the one spelling to compare.

A wrong link adds two companies' debts; a missing one only shows them apart. So an identifier that
cannot be trusted (a placeholder, a failed check digit, a register number without its country) links
nothing, and is counted.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa
from stdnum import lei
from stdnum.cn import uscc

REGISTER, LEI, DUNS, TAX, OWN = 1, 2, 3, 4, 5
"""Which identifier names a party that has several: the lowest."""

_CHECKS = {"uscc": uscc.is_valid, "lei": lei.is_valid}

_CREATE_CHECKED = (
    "CREATE TABLE IF NOT EXISTS checked_identifier (scheme VARCHAR, value VARCHAR, valid BOOLEAN)"
)

# Letters and digits only, upper case; a number counts as real when it has four characters or more,
# a digit among them, and is not one character repeated (000000, 999999999).
_SPELLED = "nullif(upper(regexp_replace({0}, '[^0-9A-Za-z]', '', 'g')), '')"
_REAL = (
    "length({0}) >= 4 AND regexp_matches({0}, '[0-9]') "
    "AND replace({0}, substr({0}, 1, 1), '') != ''"
)
_USCC_SHAPE = "regexp_full_match({0}, '[0-9A-HJ-NPQRTUWXY]{{18}}')"


def spelled(column: str) -> str:
    """SQL for the one spelling in which an identifier is compared."""
    return _SPELLED.format(column)


def collect_identifiers(connection: duckdb.DuckDBPyConnection) -> int:
    """Fill the temporary table `identifier` (n, rank, key) for the accounts in `node`.

    Keys are `reg:<country>:<no>`, `lei:<no>`, `duns:<no>`, `tax:<country>:<no>`. A Chinese tax
    number that is a valid 统一社会信用代码 is a register number (they are one since 2015). Returns
    how many identifiers were given and not used.
    """
    connection.execute(_CREATE_CHECKED)
    reg, tax = spelled("a.registration_no"), spelled("a.tax_no")
    # A tax number with its country in front is the same number without.
    bare_tax = (
        f"CASE WHEN starts_with({tax}, upper(a.country)) AND length({tax}) > 6 "
        f"THEN substr({tax}, 3) ELSE {tax} END"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE given AS SELECT n.n, upper(nullif(trim(a.country), '')) AS "
        f"country, {reg} AS reg, {bare_tax} AS tax, {spelled('a.lei')} AS lei, "
        f"{spelled('a.duns')} AS duns "
        "FROM node AS n JOIN account_current AS a ON a.connection = n.connection AND a.id = n.id "
        "WHERE coalesce(a.registration_no, a.tax_no, a.lei, a.duns) IS NOT NULL"
    )
    _check_new(connection, "uscc", f"SELECT reg FROM given WHERE {_USCC_SHAPE.format('reg')}")
    _check_new(connection, "uscc", f"SELECT tax FROM given WHERE {_USCC_SHAPE.format('tax')}")
    _check_new(connection, "lei", "SELECT lei FROM given WHERE length(lei) = 20")
    connection.execute(_COLLECT)
    row = connection.execute(
        "SELECT (SELECT count(reg) + count(tax) + count(lei) + count(duns) FROM given) "
        "- (SELECT count(*) FROM identifier)"
    ).fetchone()
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE identifier AS SELECT DISTINCT n, rank, key FROM identifier"
    )
    connection.execute("DROP TABLE temp.given")
    return int(row[0]) if row else 0


def _check_new(connection: duckdb.DuckDBPyConnection, scheme: str, values_sql: str) -> None:
    """Compute check digits of values not met before; each distinct value once in its life."""
    found = connection.execute(
        f"SELECT DISTINCT v FROM ({values_sql}) AS t(v) WHERE v NOT IN "
        "(SELECT value FROM checked_identifier WHERE scheme = ?)",
        [scheme],
    ).fetchall()
    if not found:
        return
    values = [str(row[0]) for row in found]
    checked = pa.table({"value": values, "valid": [_CHECKS[scheme](value) for value in values]})
    connection.register("newly_checked", checked)
    connection.execute(
        "INSERT INTO checked_identifier SELECT ?, value, valid FROM newly_checked", [scheme]
    )
    connection.unregister("newly_checked")


_VALID_USCC = "(SELECT value FROM checked_identifier WHERE scheme = 'uscc' AND valid)"

_COLLECT = f"""
CREATE OR REPLACE TEMP TABLE identifier AS
SELECT n, {REGISTER} AS rank, 'reg:CN:' || reg AS key FROM given
WHERE coalesce(country, 'CN') = 'CN' AND reg IN {_VALID_USCC}
UNION ALL
SELECT n, {REGISTER}, 'reg:CN:' || tax FROM given
WHERE coalesce(country, 'CN') = 'CN' AND tax IN {_VALID_USCC}
UNION ALL
SELECT n, {REGISTER}, 'reg:' || country || ':' || reg FROM given
WHERE country != 'CN' AND {_REAL.format("reg")}
UNION ALL
SELECT n, {LEI}, 'lei:' || lei FROM given
WHERE lei IN (SELECT value FROM checked_identifier WHERE scheme = 'lei' AND valid)
UNION ALL
SELECT n, {DUNS}, 'duns:' || duns FROM given
WHERE regexp_full_match(duns, '[0-9]{{9}}') AND {_REAL.format("duns")}
UNION ALL
SELECT n, {TAX}, 'tax:' || country || ':' || tax FROM given
WHERE country IS NOT NULL AND {_REAL.format("tax")}
AND NOT (country = 'CN' AND tax IN {_VALID_USCC})
"""
