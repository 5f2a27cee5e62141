CREATE OR REPLACE VIEW marts.dim_customers AS
SELECT
    c.customer_id,
    c.full_name,
    c.email,
    MIN(f.placed_at) AS first_order_at,
    COUNT(f.order_id) AS orders,
    COALESCE(SUM(f.paid_cents), 0) AS lifetime_value_cents
FROM staging.stg_customers AS c
LEFT JOIN marts.fct_orders AS f ON f.customer_id = c.customer_id
GROUP BY c.customer_id, c.full_name, c.email;
