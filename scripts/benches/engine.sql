-- Written by hand from the formulas of the credit-management literature, not from the engine's
-- expressions, and frozen: what the same figures cost in one plain DuckDB query. Input: every
-- payment names its invoice and none pays more than is left; days are inclusive of neither end.
-- $as_of is the valuation date. One row a party in scope.
WITH rate AS (
    SELECT currency, rate FROM fx WHERE rate_date = $as_of
    UNION ALL SELECT 'CNY', 1
), paid AS (
    SELECT invoice_id, sum(amount) AS taken FROM linked.payment
    WHERE value_date <= $as_of GROUP BY invoice_id
), item AS (
    SELECT i.party_id, i.disputed, i.invoice_date, i.due_date,
        date_diff('day', i.due_date, $as_of) AS late, r.rate,
        round(i.amount * r.rate, 4)::DECIMAL(18, 4) AS sold,
        round((i.amount - coalesce(p.taken, 0)) * r.rate, 4)::DECIMAL(18, 4) AS open
    FROM linked.invoice AS i JOIN rate AS r USING (currency)
    LEFT JOIN paid AS p ON p.invoice_id = i.id
    WHERE i.invoice_date <= $as_of
), owed AS (
    SELECT party_id,
        sum(open) AS open_receivables,
        coalesce(sum(open) FILTER (late > 0), 0) AS overdue,
        coalesce(sum(open) FILTER (late > 0 AND NOT disputed), 0) AS overdue_undisputed,
        coalesce(sum(open) FILTER (disputed), 0) AS disputed,
        max(late) FILTER (late > 0 AND NOT disputed AND open > 0) AS oldest,
        coalesce(sum(open * late) FILTER (late > 0 AND NOT disputed), 0) AS late_amount,
        coalesce(sum(sold) FILTER (date_diff('day', invoice_date, $as_of) < 365), 0) AS sales_year,
        coalesce(sum(sold) FILTER (date_diff('day', invoice_date, $as_of) < 91), 0) AS sales_recent
    FROM item GROUP BY party_id
), receipt AS (
    SELECT i.party_id, round(p.amount * r.rate, 4)::DECIMAL(18, 4) AS base,
        date_diff('day', i.invoice_date, greatest(p.value_date, i.invoice_date)) AS taken,
        date_diff('day', i.due_date, greatest(p.value_date, i.invoice_date)) AS beyond
    FROM linked.payment AS p JOIN linked.invoice AS i ON i.id = p.invoice_id
    JOIN rate AS r ON r.currency = i.currency
    WHERE NOT i.disputed AND p.value_date <= $as_of
        AND date_diff('day', greatest(p.value_date, i.invoice_date), $as_of) < 365
), behaviour AS (
    SELECT party_id, sum(base) AS base, sum(base * taken) AS taken, sum(base * beyond) AS beyond,
        sum(base * greatest(beyond, 0)) AS late
    FROM receipt GROUP BY party_id
), ordered AS (
    SELECT party_id, sum(uninvoiced) AS open_orders FROM linked."order"
    WHERE order_date <= $as_of AND state = 'open' AND uninvoiced > 0 GROUP BY party_id
)
SELECT s.party_id,
    coalesce(o.open_receivables, 0) AS open_receivables,
    coalesce(o.overdue, 0) AS overdue,
    coalesce(o.overdue_undisputed, 0) AS overdue_undisputed,
    coalesce(o.disputed, 0) AS disputed,
    coalesce(w.open_orders, 0) AS open_orders,
    coalesce(o.open_receivables, 0) + coalesce(w.open_orders, 0) AS gross_exposure,
    coalesce(o.sales_year, 0) AS sales_year,
    coalesce(o.sales_recent, 0) AS sales_recent,
    coalesce(o.oldest, 0) AS oldest_overdue_days,
    round(o.overdue::DOUBLE / nullif(o.open_receivables, 0), 6)::DECIMAL(18, 10) AS overdue_ratio,
    round(o.disputed::DOUBLE / nullif(o.open_receivables, 0), 6)::DECIMAL(18, 10) AS dispute_ratio,
    round(b.taken::DOUBLE / b.base::DOUBLE, 4)::DECIMAL(18, 4) AS days_to_pay,
    round(b.beyond::DOUBLE / b.base::DOUBLE, 4)::DECIMAL(18, 4) AS dbt,
    round(b.late::DOUBLE / b.base::DOUBLE, 4)::DECIMAL(18, 4) AS dbt_floored,
    round((coalesce(b.late, 0) + coalesce(o.late_amount, 0))::DOUBLE
        / nullif(coalesce(b.base, 0) + coalesce(o.overdue_undisputed, 0), 0)::DOUBLE, 4)
        ::DECIMAL(18, 4) AS dbt_with_open
FROM scope AS s LEFT JOIN owed AS o USING (party_id) LEFT JOIN behaviour AS b USING (party_id)
LEFT JOIN ordered AS w USING (party_id)
WHERE s.in_scope ORDER BY s.party_id
