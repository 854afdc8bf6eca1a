-- One row for all: the numbers, and their variables, in the same order.
-- name: of_batch prepared
SELECT group_concat(phone, ','), group_concat(variables, ',')
FROM (SELECT phone, variables FROM messaging_delivery WHERE batch_id = :batch AND own_status IS NULL ORDER BY phone) AS people
