-- Decided into a table, from which the batches are counted.
-- name: drop_table
DROP TABLE IF EXISTS planned

-- name: make_table
CREATE TEMPORARY TABLE planned AS :groups

-- name: store_batches
INSERT INTO messaging_batch (dispatch_id, account_id, number, size, text)
SELECT :dispatch, :account, number, COUNT(*), MIN(text) FROM planned WHERE number IS NOT NULL GROUP BY number ORDER BY number

-- name: store_people
INSERT INTO messaging_delivery (dispatch_id, batch_id, run_id, leg, phone, variables, own_status, reason)
SELECT :dispatch, b.id, :run_id, :leg, p.phone, p.variables, CASE WHEN p.number IS NULL THEN :skipped END, p.outcome
FROM planned p LEFT JOIN messaging_batch b ON b.dispatch_id = :dispatch AND b.number = p.number

-- name: count_groups
SELECT outcome, COUNT(*), MAX(CASE WHEN lead = 0 THEN number END) FROM planned GROUP BY outcome
