-- Coupons ended last year.
CREATE OR REPLACE VIEW marts.coupon_usage AS
SELECT
    o.coupon_code,
    COUNT(*) AS orders,
    SUM(f.gross_cents) AS gross_cents
FROM staging.stg_orders AS o
JOIN marts.fct_orders AS f ON f.order_id = o.order_id
WHERE o.coupon_code IS NOT NULL
GROUP BY o.coupon_code;
