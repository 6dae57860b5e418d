"""A seeded book of any size in memory, with every kind of fact, made by SQL alone."""

from __future__ import annotations

from datetime import date

import duckdb

from connector.credit.facts import LINKED, OURS, PLAIN, Inputs
from connector.domain.entities import ENTITIES, Kind

AS_OF = date(2025, 6, 30)
CURRENCY = "CNY"
_SQL = {
    Kind.TEXT: "VARCHAR", Kind.MONEY: "DECIMAL(18,4)", Kind.RATE: "DECIMAL(18,10)",
    Kind.QUANTITY: "DECIMAL(18,4)", Kind.DATE: "DATE", Kind.TIMESTAMP: "TIMESTAMP",
    Kind.FLAG: "BOOLEAN", Kind.COUNT: "BIGINT",
}  # fmt: skip
_PLAIN = {"string": "VARCHAR", "int64": "BIGINT", "date": "DATE", "boolean": "BOOLEAN",
          "decimal(18, 10)": "DECIMAL(18,10)"}  # fmt: skip
INVOICES, ORDERS = 25, 10
"""Documents for each party."""


def fill_book(parties: int, path: str = ":memory:") -> tuple[duckdb.DuckDBPyConnection, Inputs]:
    """A ledger in the shape that the engine reads, and the inputs that go with it."""
    connection = duckdb.connect(path)
    make_tables(connection)
    sizes: dict[str, object] = {
        "parties": parties, "invoices": parties * INVOICES, "orders": parties * ORDERS,
        "party": f"'P' || (hash(i * 31 + 7) % {parties})",
    }  # fmt: skip
    for entity, query in _FACTS.items():
        target = entity if entity in PLAIN else f'linked."{entity}"'
        connection.execute(f"INSERT INTO {target} BY NAME {query.format(**sizes)}")
    return connection, Inputs(CURRENCY)


def make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables that the engine reads, without rows."""
    connection.execute("CREATE SCHEMA linked")
    for name in (*LINKED, *OURS):
        columns = [f'"{c.name}" {_SQL[c.kind]}' for c in ENTITIES[name].columns]
        head = ["connection VARCHAR", "id VARCHAR"]
        head += ["party_id VARCHAR"] if name in LINKED else []
        head += ["uninvoiced DECIMAL(18,4)"] if name == "order" else []
        connection.execute(f'CREATE TABLE linked."{name}" ({", ".join([*head, *columns])})')
    for name, kinds in PLAIN.items():
        columns = [f'"{column}" {_PLAIN[kind]}' for column, kind in kinds.items()]
        connection.execute(f"CREATE TABLE {name} ({', '.join(columns)})")


_ONE_IN = "SELECT 'desk' AS connection, 'P' || i AS party_id, 'CNY' AS currency, "

_FACTS = {
    "party": """
SELECT 'P' || i AS party_id, 'company' AS party_kind, 30 + (i % 4) * 15 AS terms_days,
    DATE '2019-01-01' + (i % 900)::INT AS customer_since, 'P' || (i - i % 5) AS group_id,
    ['CN', 'CN', 'DE', 'BR'][1 + i % 4] AS country, ['steel', 'food'][1 + i % 2] AS industry,
    ['north', 'south'][1 + i % 2] AS region, 'CNY' AS currency
FROM range({parties}) AS t(i)""",
    "scope": "SELECT party_id, true AS in_scope FROM party",
    "fx": """
SELECT currency, d::DATE AS rate_date, rate FROM (VALUES ('USD', 7.15), ('EUR', 7.80))
    AS v(currency, rate), range(DATE '2024-01-01', DATE '2025-07-01', INTERVAL 1 DAY) AS t(d)""",
    "invoice": """
SELECT 'erp' AS connection, 'I' || i AS id, {party} AS party_id, 'I' || i AS number,
    CASE hash(i * 31 + 7) % {parties} % 10 WHEN 0 THEN 'USD' WHEN 1 THEN 'EUR' ELSE 'CNY' END
        AS currency,
    (100 + hash(i * 7) % 10000000 / 100.0)::DECIMAL(18,4) AS amount,
    DATE '2024-01-01' + (hash(i * 13) % 540)::INT AS invoice_date,
    CASE WHEN i % 11 != 0 THEN invoice_date + 60 END AS due_date, i % 97 = 0 AS disputed,
    CASE WHEN i % 7 = 0 THEN 'S2' ELSE 'S1' END AS selling_company, i % 501 != 0 AS posted,
    ['bolts', 'nuts', NULL][1 + (i % 3)::INT] AS product_line
FROM range({invoices}) AS t(i)""",
    "payment": """
SELECT 'erp' AS connection, 'Y' || id AS id, party_id, currency, selling_company,
    CASE WHEN hash(id) % 20 = 0 THEN (amount / 2)::DECIMAL(18,4) ELSE amount END AS amount,
    coalesce(due_date, invoice_date + 60) + (hash(id) % 40)::INT - 10 AS value_date,
    CASE WHEN hash(id) % 9 != 0 THEN id END AS invoice_id
FROM linked.invoice WHERE coalesce(due_date, invoice_date + 60) < DATE '2025-06-01'
    AND hash(id) % 15 != 0""",
    "order": """
SELECT 'erp' AS connection, 'O' || i AS id, {party} AS party_id, 'O' || i AS number,
    'open' AS state, 'CNY' AS currency, 5000 + i % 700 AS amount,
    CASE WHEN i % 4 = 0 THEN 5000 ELSE 0 END AS uninvoiced, i % 50 AS prepaid_amount,
    DATE '2024-06-01' + (hash(i * 5) % 390)::INT AS order_date
FROM range({orders}) AS t(i)""",
    "delivery": """
SELECT 'erp' AS connection, 'D' || i AS id, {party} AS party_id, 'CNY' AS currency,
    100 + i % 90 AS unbilled_amount, DATE '2025-06-01' AS delivery_date
FROM range({parties}) AS t(i)""",
    "credit_note": """
SELECT 'erp' AS connection, 'N' || i AS id, {party} AS party_id, 'N' || i AS number,
    'CNY' AS currency, 50 + i % 40 AS amount, DATE '2025-03-01' AS issue_date
FROM range({parties}) AS t(i)""",
    "limit": _ONE_IN + """'L' || i AS id, 'amount' AS state, 20000 + i % 90000 AS amount,
    DATE '2025-01-01' AS valid_from, DATE '2025-07-15' + (i % 300)::INT AS valid_to
FROM range({parties}) AS t(i) WHERE i % 6 != 0""",
    "guarantee": _ONE_IN + """'G' || i AS id, 'G' || i AS number, 'bank_guarantee' AS kind,
    'Bank ' || i % 9 AS guarantor, 10000 AS amount, DATE '2025-07-01' + (i % 200)::INT AS valid_to
FROM range({parties}) AS t(i) WHERE i % 8 = 0""",
    "insurance_policy": """
SELECT 'desk' AS connection, 'V1' AS id, 'V1' AS number, 'Insurer' AS insurer, 'CNY' AS currency,
    0.9 AS insured_share, 60 AS max_extension_days, 30 AS notification_days, 180 AS waiting_days""",
    "insured_limit": _ONE_IN + """'T' || i AS id, 'V1' AS policy_number, 'in_force' AS state,
    15000 AS amount, DATE '2024-01-01' AS valid_from
FROM range({parties}) AS t(i) WHERE i % 7 = 0""",
    "bill": _ONE_IN + """'B' || i AS id, 'B' || i AS number, 'commercial_acceptance' AS kind,
    'held' AS state, 'Acceptor ' || i % 5 AS acceptor, 3000 AS amount,
    DATE '2025-05-01' AS received_on, DATE '2025-07-01' + (i % 90)::INT AS matures_on
FROM range({parties}) AS t(i) WHERE i % 9 = 0""",
    "promise": _ONE_IN + """'R' || i AS id, 1000 AS amount, DATE '2025-05-01' AS made_on,
    DATE '2025-05-20' AS promised_on, CASE WHEN i % 2 = 0 THEN 1000 ELSE 0 END AS kept_amount
FROM range({parties}) AS t(i) WHERE i % 10 < 2""",
    "statement": _ONE_IN + """'F' || i AS id, DATE '2024-12-31' AS fiscal_year_end,
    12000 AS total_assets, 6200 AS current_assets, 800 AS cash, 2600 AS receivables,
    2400 AS inventory, 4800 AS current_liabilities, 1500 AS short_term_debt, 2700 AS payables,
    7400 AS total_liabilities, 2600 AS long_term_debt, 4600 AS equity, 300 AS intangibles,
    1900 AS retained_earnings, 15000 AS sales, 12000 AS cost_of_sales, 960 AS ebit,
    420 AS depreciation, 280 AS interest, 510 - i % 900 AS net_income, 640 AS operating_cash_flow
FROM range({parties}) AS t(i) WHERE i % 5 = 0""",
    "bureau_report": _ONE_IN + """'C' || i AS id, 'Bureau' AS bureau, i % 100 AS score,
    0 AS scale_low, 100 AS scale_high, true AS higher_is_better, DATE '2025-02-01' AS as_of
FROM range({parties}) AS t(i) WHERE i % 3 = 0""",
    "event": _ONE_IN.replace("'CNY' AS currency, ", "") + """'E' || i AS id, 'judgment' AS kind,
    2 AS severity, 'register' AS source, DATE '2025-06-01' AS since
FROM range({parties}) AS t(i) WHERE i % 40 = 0""",
    "opportunity": _ONE_IN.replace("desk", "crm") + """'W' || i AS id, 'Deal ' || i AS name,
    9000 AS amount, DATE '2025-07-20' AS close_date, false AS closed
FROM range({parties}) AS t(i) WHERE i % 4 = 1""",
}  # fmt: skip
