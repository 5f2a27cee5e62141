CREATE OR REPLACE VIEW marts.revenue_by_country AS
SELECT
    c.country_code,
    COUNT(*) AS customers,
    SUM(c.lifetime_value_cents) AS revenue_cents
FROM marts.dim_customers AS c
GROUP BY c.country_code;
