CREATE OR REPLACE VIEW marts.channel_performance AS
SELECT
    f.sales_channel,
    COUNT(*) AS orders,
    SUM(f.paid_cents) AS revenue_cents,
    COUNT(DISTINCT f.customer_id) AS customers
FROM marts.fct_orders AS f
GROUP BY f.sales_channel;
