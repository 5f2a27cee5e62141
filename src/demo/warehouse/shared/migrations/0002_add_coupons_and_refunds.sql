ALTER TABLE raw.orders ADD COLUMN coupon_code text;

CREATE TABLE raw.refunds (
    id           bigint PRIMARY KEY,
    order_id     bigint NOT NULL REFERENCES raw.orders (id),
    amount_cents integer NOT NULL,
    refunded_at  timestamptz NOT NULL
);

-- Filled once a day by jobs/snapshot_daily_revenue.sql.
CREATE TABLE marts.daily_revenue_snapshots (
    taken_on      date NOT NULL,
    revenue_date  date NOT NULL,
    orders        bigint NOT NULL,
    revenue_cents bigint NOT NULL
);
