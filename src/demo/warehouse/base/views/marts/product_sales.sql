CREATE OR REPLACE VIEW marts.product_sales AS
SELECT
    i.product_id,
    i.product_name,
    i.category,
    SUM(i.quantity) AS units,
    SUM(i.line_total_cents) AS sales_cents
FROM staging.stg_order_items AS i
JOIN staging.stg_orders AS o ON o.order_id = i.order_id
WHERE o.status = 'paid'
GROUP BY i.product_id, i.product_name, i.category;
