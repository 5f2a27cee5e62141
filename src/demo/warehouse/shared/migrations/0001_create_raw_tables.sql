-- What the shop's own database sends over every night, table by table.
CREATE SCHEMA IF NOT EXISTS raw;
CREATE SCHEMA IF NOT EXISTS staging;
CREATE SCHEMA IF NOT EXISTS marts;

CREATE TABLE raw.customers (
    id           bigint PRIMARY KEY,
    first_name   text NOT NULL,
    last_name    text NOT NULL,
    email        text NOT NULL,
    country_code char(2),
    created_at   timestamptz NOT NULL
);

CREATE TABLE raw.orders (
    id          bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES raw.customers (id),
    status      text NOT NULL,
    created_at  timestamptz NOT NULL,
    deleted_at  timestamptz
);

CREATE TABLE raw.products (
    id       bigint PRIMARY KEY,
    name     text NOT NULL,
    category text NOT NULL
);

CREATE TABLE raw.order_items (
    id               bigint PRIMARY KEY,
    order_id         bigint NOT NULL REFERENCES raw.orders (id),
    product_id       bigint NOT NULL REFERENCES raw.products (id),
    quantity         integer NOT NULL,
    unit_price_cents integer NOT NULL
);

CREATE TABLE raw.payments (
    id           bigint PRIMARY KEY,
    order_id     bigint NOT NULL REFERENCES raw.orders (id),
    method       text NOT NULL,
    amount_cents integer NOT NULL,
    paid_at      timestamptz
);
