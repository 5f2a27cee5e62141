-- How many customers of a month came back in a later one.
CREATE OR REPLACE VIEW marts.customer_retention AS
WITH active_months AS (
    SELECT DISTINCT
        o.customer_id,
        date_trunc('month', o.ordered_at) AS active_month
    FROM staging.stg_orders AS o
),

first_months AS (
    SELECT
        m.customer_id,
        MIN(m.active_month) AS first_month
    FROM active_months AS m
    GROUP BY m.customer_id
)

SELECT
    f.first_month,
    m.active_month,
    COUNT(DISTINCT m.customer_id) AS customers
FROM first_months AS f
JOIN active_months AS m ON m.customer_id = f.customer_id
GROUP BY f.first_month, m.active_month;
