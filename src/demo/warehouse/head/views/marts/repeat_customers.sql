-- Customers with more than one order.
CREATE OR REPLACE VIEW marts.repeat_customers AS
WITH orders_by_customer AS (
    SELECT
        customer_id,
        COUNT(*) AS orders,
        SUM(paid_cents) AS paid_cents
    FROM marts.fct_orders
    GROUP BY customer_id
)

SELECT
    orders_by_customer.customer_id,
    c.full_name,
    orders_by_customer.orders,
    orders_by_customer.paid_cents
FROM orders_by_customer
JOIN staging.stg_customers AS c ON c.customer_id = orders_by_customer.customer_id
WHERE orders_by_customer.orders > 1;
