CREATE OR REPLACE VIEW staging.stg_payments AS
SELECT
    p.id AS payment_id,
    p.order_id,
    p.method AS payment_method,
    p.amount_cents,
    p.paid_at
FROM raw.payments AS p
WHERE p.paid_at IS NOT NULL;
