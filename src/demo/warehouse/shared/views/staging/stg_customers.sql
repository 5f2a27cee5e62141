CREATE OR REPLACE VIEW staging.stg_customers AS
SELECT
    c.id AS customer_id,
    c.first_name || ' ' || c.last_name AS full_name,
    lower(c.email) AS email,
    upper(c.country_code) AS country_code,
    c.created_at AS signed_up_at
FROM raw.customers AS c;
