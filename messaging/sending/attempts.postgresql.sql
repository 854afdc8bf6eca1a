-- name: begin prepared
WITH wired AS (:wire RETURNING id)
INSERT INTO messaging_attempt (batch_id, account_id, number, reference, started_at)
SELECT id, :account, :number, :reference, :started_at FROM wired
RETURNING id

-- The batch is locked before its attempt is touched, as by everybody else: what comes later reads what came before, which
-- orders the parts. An attempt that is closed already leaves the batch alone; the exchange is kept all the same. Not to wait for the
-- disk holds for this transaction alone, which is this statement.
-- name: accept prepared
WITH held AS MATERIALIZED (SELECT id FROM messaging_batch WHERE id = :batch FOR UPDATE),
closed AS (
  UPDATE messaging_attempt
  SET outcome = :outcome, reason = :reason, vendor_code = :vendor_code, vendor_message = :vendor_message, task_id = :task_id,
    finished_at = :finished_at
  WHERE id = :attempt AND outcome IN :open AND batch_id IN (SELECT id FROM held)
  RETURNING batch_id),
moved AS (
  UPDATE messaging_batch
  SET state = :submitted, submitted_at = :finished_at, reason = '', vendor_message = '', accepted_count = :accepted_count
  WHERE id IN (SELECT batch_id FROM closed) AND state IN :on_the_wire),
kept AS (
  INSERT INTO messaging_vendorcall (
    account_id, attempt_id, operation, people, digest, status, answer, outcome, started_at, milliseconds)
  SELECT account_id, attempt_id, operation, people, digest, status, answer, outcome, started_at, milliseconds
  FROM jsonb_to_recordset(:calls::jsonb) AS c(
    account_id bigint, attempt_id bigint, operation text, people integer, digest text, status smallint, answer text, outcome text,
    started_at timestamptz, milliseconds integer))
SELECT
  EXISTS (
    SELECT 1 FROM messaging_receipt
    WHERE account_id = :account AND state = 'unmatched'
      AND (reference = :reference OR (task_id = :task_id AND task_id <> '') OR message_id = ANY(:message_ids::text[]))),
  CASE WHEN :may_be_forgotten THEN set_config('synchronous_commit', 'off', TRUE) END
FROM closed
