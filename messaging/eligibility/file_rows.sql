-- name: create
CREATE TEMPORARY TABLE staged_stop (line integer, phone text, note text)

-- name: create_numbers
CREATE TEMPORARY TABLE staged_number (n integer PRIMARY KEY, phone text, note text)

-- name: drop_rows
DROP TABLE IF EXISTS staged_stop

-- name: drop_numbers
DROP TABLE IF EXISTS staged_number

-- name: enter
INSERT INTO messaging_suppression
  (phone, scope, account_id, signature_id, source, note, since, created_by_id)
SELECT phone, :scope, :account_id, :signature_id, 'import', note, :since, :actor_id
FROM staged_number WHERE n > :after AND n <= :last ORDER BY n
ON CONFLICT DO NOTHING

-- name: numbers
SELECT phone FROM staged_number WHERE n > :after AND n <= :last
