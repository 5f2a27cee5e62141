-- The support team's work list.
CREATE OR REPLACE VIEW marts.open_orders AS
SELECT *
FROM marts.fct_orders
WHERE status IN ('placed', 'paid');
