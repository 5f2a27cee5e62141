-- Keeps what the dashboard showed on each day, since late refunds change the past.
INSERT INTO marts.daily_revenue_snapshots (taken_on, revenue_date, orders, revenue_cents)
SELECT
    CURRENT_DATE,
    d.revenue_date,
    d.orders,
    d.revenue_cents
FROM marts.daily_revenue AS d
WHERE d.revenue_date >= CURRENT_DATE - 30;
