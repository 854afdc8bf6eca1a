-- The number of the last row. Takes the next one.
-- name: last_number
SELECT nextval(pg_get_serial_sequence(:table, 'id')) - 1

-- name: go_on_from
SELECT setval(pg_get_serial_sequence(:table, 'id'), :number)
