-- Nobody was taken out of the batch since it was claimed, its dispatch still runs, and nobody has stopped all sending.
-- name: wire
UPDATE messaging_batch SET state = :to, attempts_made = attempts_made + 1, claimed_at = :now
WHERE id = :batch AND state IN :from_ AND claim = :claim AND n_skipped = :n_skipped
  AND dispatch_id IN (
    SELECT id FROM messaging_dispatch
    WHERE id = :dispatch AND state = :running AND (send_until IS NULL OR send_until > :now))
  AND NOT EXISTS (SELECT 1 FROM messaging_sendingstop WHERE holds)
