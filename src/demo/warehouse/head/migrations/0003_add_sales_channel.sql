-- Orders now come from the app and from partners too.
ALTER TABLE raw.orders ADD COLUMN sales_channel text NOT NULL DEFAULT 'web';

-- Corporate payments no longer fit into an integer.
ALTER TABLE raw.payments ALTER COLUMN amount_cents TYPE bigint;
