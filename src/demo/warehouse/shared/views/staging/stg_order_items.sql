CREATE OR REPLACE VIEW staging.stg_order_items AS
SELECT
    i.id AS order_item_id,
    i.order_id,
    i.product_id,
    p.name AS product_name,
    p.category,
    i.quantity,
    i.unit_price_cents,
    i.quantity * i.unit_price_cents AS line_total_cents
FROM raw.order_items AS i
JOIN raw.products AS p ON p.id = i.product_id;
