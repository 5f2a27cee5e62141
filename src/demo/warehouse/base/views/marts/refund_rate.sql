CREATE OR REPLACE VIEW marts.refund_rate AS
SELECT
    f.customer_id,
    COUNT(DISTINCT f.order_id) AS orders,
    COUNT(DISTINCT r.order_id) AS refunded_orders,
    SUM(r.amount_cents) AS refunded_cents
FROM marts.fct_orders AS f
JOIN raw.refunds AS r ON r.order_id = f.order_id
GROUP BY f.customer_id;
