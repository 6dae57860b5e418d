"""What of an order still has to be invoiced, so that an order and its invoice count once."""

from __future__ import annotations

import duckdb

_BY_STATE = "CASE WHEN c.state = 'open' THEN c.amount ELSE 0 END::DECIMAL(18,4)"

ORDER_REST_COLUMNS = (
    f"coalesce(o.uninvoiced, {_BY_STATE}) AS uninvoiced, "
    "coalesce(o.uninvoiced_basis, 'state') AS uninvoiced_basis"
)
"""How the view of orders reads `order_rest`, which holds only orders that differ from the state."""


def clear_order_rest(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `order_rest` an empty table, so that the view of orders can be drawn over it."""
    connection.execute(
        "CREATE OR REPLACE TABLE order_rest (connection VARCHAR, id VARCHAR, "
        "uninvoiced DECIMAL(18,4), uninvoiced_basis VARCHAR)"
    )


def fill_order_rest(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill `order_rest` (connection, id, uninvoiced, uninvoiced_basis), tax-inclusive amounts.

    Basis, the first that there is: `mapped` the source keeps the figure; `lines` Σ over lines of
    (ordered, or delivered where that is more, − invoiced) × price, each line at least 0, where a
    line tells its invoiced quantity and all have prices; `invoices` for open orders, when any
    invoice names order numbers: amount less the invoices of this party, number and currency
    (several orders of one number: the oldest is used up first); `state`: open counts whole. A
    fulfilled order without figures of its own counts 0: what was delivered and not billed is the
    delivery's. Drafts and cancelled orders never count.
    """
    connection.execute(_FILL)


_FILL = """
INSERT INTO order_rest
WITH invoiced AS (
    SELECT party_id, order_number AS number, currency, sum(amount) AS amount
    FROM linked.invoice WHERE order_number IS NOT NULL GROUP BY ALL
), line AS (
    SELECT l.connection, l.order_id AS id, CASE WHEN count(l.unit_price) = count(*) THEN
        sum(cast(greatest(greatest(l.quantity, l.delivered_quantity, 0)
            - coalesce(l.invoiced_quantity, 0), 0) * l.unit_price AS DECIMAL(28,4))) END AS rest
    FROM order_line_current AS l
    GROUP BY l.connection, l.order_id HAVING count(l.invoiced_quantity) > 0
), live AS (
    SELECT o.connection, o.id, o.party_id, o.number, o.currency, o.order_date,
        CASE WHEN o.uninvoiced_amount IS NOT NULL THEN 'mapped'
            WHEN l.rest IS NOT NULL THEN 'lines'
            WHEN o.state = 'open' AND EXISTS (FROM invoiced) THEN 'invoices'
            ELSE 'state' END AS basis,
        coalesce(o.uninvoiced_amount, l.rest, CASE WHEN o.state = 'open' THEN o.amount ELSE 0 END)
            AS start
    FROM linked."order" AS o LEFT JOIN line AS l ON l.connection = o.connection AND l.id = o.id
    WHERE o.state IN ('open', 'fulfilled')
), billed AS (
    SELECT v.* EXCLUDE (start), CASE WHEN v.basis != 'invoices' THEN v.start ELSE
        least(v.start, greatest(0, sum(v.start) FILTER (v.basis = 'invoices') OVER pile
            - coalesce(i.amount, 0))) END AS rest
    FROM (FROM live WHERE basis != 'state') AS v LEFT JOIN invoiced AS i
        ON i.party_id = v.party_id AND i.number = v.number AND i.currency = v.currency
    WINDOW pile AS (PARTITION BY v.party_id, v.number, v.currency, v.basis
        ORDER BY v.order_date, v.connection, v.id)
)
SELECT connection, id, rest, basis FROM billed
"""
