-- One row for each order that was not deleted.
CREATE OR REPLACE VIEW staging.stg_orders AS
SELECT
    o.id AS order_id,
    o.customer_id,
    o.status,
    o.coupon_code,
    o.created_at AS ordered_at
FROM raw.orders AS o
WHERE o.deleted_at IS NULL;
