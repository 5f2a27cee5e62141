CREATE OR REPLACE VIEW marts.daily_revenue AS
SELECT
    CAST(f.ordered_at AS date) AS revenue_date,
    COUNT(*) AS orders,
    SUM(f.paid_cents)::bigint AS revenue_cents
FROM marts.fct_orders AS f
WHERE f.status <> 'cancelled'
GROUP BY CAST(f.ordered_at AS date);
