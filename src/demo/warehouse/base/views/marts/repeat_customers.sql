create or replace view marts.repeat_customers as
with x as (select customer_id, count(*) as orders, sum(paid_cents) as paid_cents from marts.fct_orders group by customer_id)
select x.customer_id, c.full_name, x.orders, x.paid_cents from x join staging.stg_customers c on c.customer_id = x.customer_id where x.orders > 1;
