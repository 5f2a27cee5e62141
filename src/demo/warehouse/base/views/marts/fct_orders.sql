-- Orders with their amounts: what the dashboards read.
CREATE OR REPLACE VIEW marts.fct_orders AS
WITH item_totals AS (
    SELECT
        i.order_id,
        SUM(i.quantity) AS items,
        SUM(i.line_total_cents) AS gross_cents
    FROM staging.stg_order_items AS i
    GROUP BY i.order_id
),

payment_totals AS (
    SELECT
        p.order_id,
        SUM(p.amount_cents) AS paid_cents
    FROM staging.stg_payments AS p
    GROUP BY p.order_id
)

SELECT
    o.order_id,
    o.customer_id,
    o.status,
    o.ordered_at,
    t.items,
    t.gross_cents,
    COALESCE(pt.paid_cents, 0) AS paid_cents
FROM staging.stg_orders AS o
JOIN item_totals AS t ON t.order_id = o.order_id
LEFT JOIN payment_totals AS pt ON pt.order_id = o.order_id;
