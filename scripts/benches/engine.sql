-- Written by hand from the formulas of the credit-management literature, not from the engine's
-- expressions, and frozen: what the same figures cost in one plain DuckDB query. Input: every
-- payment names its invoice and none pays more than is left; every invoice names its selling
-- company, no order does. $as_of is the valuation date. One row a party in scope, whose selling
-- company is '', and one for each of its selling companies if it has several.
WITH rate AS (
    SELECT currency, rate FROM fx WHERE rate_date = $as_of
    UNION ALL SELECT 'CNY', 1
), paid AS (
    SELECT invoice_id, sum(amount) AS taken FROM linked.payment
    WHERE value_date <= $as_of GROUP BY invoice_id
), item AS MATERIALIZED (
    SELECT i.party_id, i.selling_company AS seller, i.disputed, i.invoice_date, i.due_date,
        date_diff('day', i.due_date, $as_of) AS late,
        date_diff('day', i.invoice_date, $as_of) AS age,
        date_diff('month', i.invoice_date, $as_of) AS months,
        round(i.amount * r.rate, 4)::DECIMAL(18, 4) AS sold,
        round((i.amount - coalesce(p.taken, 0)) * r.rate, 4)::DECIMAL(18, 4) AS open
    FROM linked.invoice AS i JOIN rate AS r USING (currency)
    LEFT JOIN paid AS p ON p.invoice_id = i.id
    WHERE i.invoice_date <= $as_of
), receipt AS MATERIALIZED (
    SELECT i.party_id, i.selling_company AS seller, i.disputed, p.amount, i.amount AS invoiced,
        round(p.amount * r.rate, 4)::DECIMAL(18, 4) AS base,
        date_diff('day', i.invoice_date, $as_of) AS age,
        date_diff('day', greatest(p.value_date, i.invoice_date), $as_of) AS ago,
        date_diff('day', i.invoice_date, greatest(p.value_date, i.invoice_date)) AS taken,
        date_diff('day', i.due_date, greatest(p.value_date, i.invoice_date)) AS beyond
    FROM linked.payment AS p JOIN linked.invoice AS i ON i.id = p.invoice_id
    JOIN rate AS r ON r.currency = i.currency
    WHERE p.value_date <= $as_of
), owed AS (
    SELECT party_id, coalesce(seller, '') AS seller, count(*) AS open_items,
        sum(open) AS open_receivables,
        sum(open) FILTER (late > 0) AS overdue,
        sum(open) FILTER (late > 0 AND NOT disputed) AS overdue_undisputed,
        sum(open) FILTER (disputed) AS disputed,
        sum(open) FILTER (age >= 91) AS before,
        sum(open * late) FILTER (late > 0) AS all_late_amount,
        sum(open * late) FILTER (late > 0 AND NOT disputed) AS late_amount,
        count(*) FILTER (late > 0 AND NOT disputed) AS late_items,
        min(due_date) FILTER (NOT disputed) AS oldest_due_date
    FROM item WHERE open > 0 GROUP BY GROUPING SETS ((party_id, seller), (party_id))
), sold AS (
    SELECT party_id, coalesce(seller, '') AS seller, min(invoice_date) AS first_sale,
        coalesce(sum(sold) FILTER (age < 365), 0) AS sales_year,
        coalesce(sum(sold) FILTER (age < 91), 0) AS sales_recent
    FROM item GROUP BY GROUPING SETS ((party_id, seller), (party_id))
), month AS (
    SELECT party_id, coalesce(seller, '') AS seller, sum(sold) AS sold,
        sum(open * age) FILTER (open > 0) AS aged
    FROM item WHERE months < 12
    GROUP BY GROUPING SETS ((party_id, seller, months), (party_id, months))
), aged AS (
    SELECT party_id, seller,
        sum(round(aged::DOUBLE / nullif(sold, 0)::DOUBLE, 4)::DECIMAL(18, 4)) AS days
    FROM month WHERE aged IS NOT NULL GROUP BY party_id, seller HAVING sum(aged) > 0
), behaviour AS (
    SELECT party_id, coalesce(seller, '') AS seller, count(*) AS paid_items,
        count(*) FILTER (ago < 91) AS recent_items,
        sum(base) AS base, sum(base * taken) AS taken, sum(base * beyond) AS beyond,
        sum(base * greatest(beyond, 0)) AS late,
        coalesce(sum(base) FILTER (ago < 91), 0) AS recent_base,
        coalesce(sum(base * beyond) FILTER (ago < 91), 0) AS recent_beyond,
        sum(base) FILTER (ago >= 91) AS before_base,
        sum(base * beyond) FILTER (ago >= 91) AS before_beyond,
        sum(taken) AS plain_taken, sum(beyond) AS plain_beyond, sum(beyond * beyond) AS squares
    FROM receipt WHERE NOT disputed AND ago < 365
    GROUP BY GROUPING SETS ((party_id, seller), (party_id))
), later AS (
    SELECT party_id, coalesce(seller, '') AS seller, sum(base) AS before
    FROM receipt WHERE age >= 91 AND ago < 91
    GROUP BY GROUPING SETS ((party_id, seller), (party_id))
), received AS (
    SELECT party_id, coalesce(selling_company, '') AS seller, count(*) AS receipts_recent
    FROM linked.payment WHERE date_diff('day', value_date, $as_of) BETWEEN 0 AND 89
    GROUP BY GROUPING SETS ((party_id, selling_company), (party_id))
), part AS (
    SELECT party_id, coalesce(seller, '') AS seller, count(*) AS part_payments
    FROM receipt WHERE NOT disputed AND ago < 90 AND amount < invoiced * 0.98
    GROUP BY GROUPING SETS ((party_id, seller), (party_id))
), ordered AS (
    SELECT party_id, '' AS seller, sum(uninvoiced) AS open_orders FROM linked."order"
    WHERE order_date <= $as_of AND state = 'open' AND uninvoiced > 0 GROUP BY party_id
), spine AS (
    SELECT party_id, '' AS seller FROM scope WHERE in_scope
    UNION ALL
    SELECT party_id, unnest(sellers) FROM (
        SELECT party_id, list(seller) AS sellers FROM sold WHERE seller != '' GROUP BY party_id
    ) WHERE len(sellers) > 1
), figure AS (
    SELECT s.party_id, s.seller,
        coalesce(o.open_items, 0) AS open_items,
        coalesce(o.open_receivables, 0)::DECIMAL(18, 4) AS open_receivables,
        coalesce(o.overdue, 0)::DECIMAL(18, 4) AS overdue,
        coalesce(o.overdue_undisputed, 0)::DECIMAL(18, 4) AS overdue_undisputed,
        coalesce(o.disputed, 0)::DECIMAL(18, 4) AS disputed, o.oldest_due_date, o.all_late_amount,
        coalesce(o.late_amount, 0) AS late_amount, coalesce(o.late_items, 0) AS late_items,
        coalesce(w.open_orders, 0) AS open_orders,
        coalesce(t.sales_year, 0)::DECIMAL(18, 4) AS sales_year,
        coalesce(t.sales_recent, 0)::DECIMAL(18, 4) AS sales_recent,
        (coalesce(o.before, 0) + coalesce(l.before, 0))::DECIMAL(18, 4) AS before,
        greatest(date_diff('day', least(p.customer_since, t.first_sale), $as_of), 0) AS age,
        coalesce(b.paid_items, 0) AS paid_items, coalesce(b.recent_items, 0) AS recent_items,
        b.base, b.taken, b.beyond, coalesce(b.late, 0) AS late,
        coalesce(b.recent_base, 0) AS recent_base, coalesce(b.recent_beyond, 0) AS recent_beyond,
        b.before_base, b.before_beyond, b.plain_taken, b.plain_beyond, b.squares,
        a.days AS aged, coalesce(r.receipts_recent, 0) AS receipts_recent,
        coalesce(h.part_payments, 0) AS part_payments
    FROM spine AS s LEFT JOIN party AS p USING (party_id)
    LEFT JOIN owed AS o USING (party_id, seller) LEFT JOIN sold AS t USING (party_id, seller)
    LEFT JOIN aged AS a USING (party_id, seller) LEFT JOIN behaviour AS b USING (party_id, seller)
    LEFT JOIN later AS l USING (party_id, seller) LEFT JOIN received AS r USING (party_id, seller)
    LEFT JOIN part AS h USING (party_id, seller) LEFT JOIN ordered AS w USING (party_id, seller)
)
SELECT party_id, seller AS selling_company, open_items, open_receivables, overdue,
    overdue_undisputed, disputed, oldest_due_date, open_orders, sales_year, sales_recent,
    age AS customer_age_days, paid_items, receipts_recent, part_payments,
    open_receivables + open_orders AS gross_exposure,
    open_receivables + open_orders AS net_exposure,
    CASE WHEN paid_items > 0 OR open_items > 0
        THEN greatest(coalesce(date_diff('day', oldest_due_date, $as_of), 0), 0) END
        AS oldest_overdue_days,
    round(overdue::DOUBLE / nullif(open_receivables, 0), 6)::DECIMAL(18, 10) AS overdue_ratio,
    round(overdue_undisputed::DOUBLE / nullif(open_receivables - disputed, 0), 6)::DECIMAL(18, 10)
        AS overdue_ratio_undisputed,
    round(disputed::DOUBLE / nullif(open_receivables, 0), 6)::DECIMAL(18, 10) AS dispute_ratio,
    round(all_late_amount::DOUBLE / nullif(overdue, 0)::DOUBLE, 4)::DECIMAL(18, 4)
        AS average_days_past_due,
    CASE WHEN open_receivables <= 0 THEN 0 ELSE round((open_receivables
        * greatest(least(age, 91), 1))::DOUBLE / nullif(sales_recent, 0)::DOUBLE, 4) END
        ::DECIMAL(18, 4) AS dso,
    CASE WHEN open_receivables - overdue <= 0 THEN 0 ELSE round(((open_receivables - overdue)
        * greatest(least(age, 91), 1))::DOUBLE / nullif(sales_recent, 0)::DOUBLE, 4) END
        ::DECIMAL(18, 4) AS dso_best,
    dso - dso_best AS average_days_delinquent,
    CASE WHEN open_receivables <= 0 THEN 0 ELSE aged END::DECIMAL(18, 4) AS dso_true,
    round((before + sales_recent - open_receivables)::DOUBLE
        / nullif(greatest(before + sales_recent - (open_receivables - overdue), 0), 0)::DOUBLE, 6)
        ::DECIMAL(18, 10) AS collection_index,
    round(taken::DOUBLE / base::DOUBLE, 4)::DECIMAL(18, 4) AS days_to_pay,
    round(beyond::DOUBLE / base::DOUBLE, 4)::DECIMAL(18, 4) AS dbt,
    round(late::DOUBLE / base::DOUBLE, 4)::DECIMAL(18, 4) AS dbt_floored,
    round((late + late_amount)::DOUBLE
        / nullif(coalesce(base, 0) + overdue_undisputed, 0)::DOUBLE, 4)::DECIMAL(18, 4)
        AS dbt_with_open,
    round((recent_beyond + late_amount)::DOUBLE
        / nullif(recent_base + overdue_undisputed, 0)::DOUBLE, 4)::DECIMAL(18, 4) AS dbt_recent,
    round(before_beyond::DOUBLE / before_base::DOUBLE, 4)::DECIMAL(18, 4) AS dbt_before,
    CASE WHEN recent_items + late_items >= 5 THEN dbt_recent - dbt_before END AS dbt_trend,
    round(plain_taken::DOUBLE / nullif(paid_items, 0), 4)::DECIMAL(18, 4) AS days_to_pay_plain,
    round(plain_beyond::DOUBLE / nullif(paid_items, 0), 4)::DECIMAL(18, 4) AS dbt_plain,
    round(sqrt(greatest((paid_items * squares - plain_beyond * plain_beyond)::DOUBLE, 0))
        / nullif(paid_items, 0), 4)::DECIMAL(18, 4) AS dbt_spread,
    round(part_payments::DOUBLE / nullif(receipts_recent, 0), 6)::DECIMAL(18, 10)
        AS part_payment_share,
    CASE WHEN seller = '' THEN round(net_exposure::DOUBLE
        / sum(net_exposure) FILTER (seller = '') OVER ()::DOUBLE, 6) END::DECIMAL(18, 10)
        AS exposure_share
FROM figure ORDER BY party_id, selling_company
