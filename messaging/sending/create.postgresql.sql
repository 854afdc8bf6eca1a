-- Decided once; the batches are counted from it. A batch is found by its place among those made here: for a join PostgreSQL would have to
-- know how many people there are, and may guess one.
-- name: store_groups
WITH planned AS MATERIALIZED (:groups),
made AS (
  INSERT INTO messaging_batch (dispatch_id, account_id, number, size, text)
  SELECT :dispatch, :account, number, COUNT(*), MIN(text) FROM planned WHERE number IS NOT NULL GROUP BY number ORDER BY number
  RETURNING id, number),
stored AS (
  INSERT INTO messaging_delivery (dispatch_id, batch_id, run_id, leg, phone, variables, own_status, reason)
  SELECT :dispatch, (ARRAY(SELECT id FROM made ORDER BY number))[number - :first], :run_id, :leg, phone, variables,
    CASE WHEN number IS NULL THEN :skipped END, outcome
  FROM planned)
SELECT outcome, COUNT(*), MAX(CASE WHEN lead = 0 THEN number END) FROM planned GROUP BY outcome
