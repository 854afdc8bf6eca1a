-- Exactly one row, or the database is not the one that this slot was checked against. With an account: unless a hold is open there.
-- name: count prepared
UPDATE messaging_fencemark SET seq = seq + 1, beat_at = clock_timestamp(), clean_stop = :clean
WHERE host = :host AND slot = :slot AND seq = :seq
  AND EXISTS (
    SELECT 1 FROM messaging_fence
    WHERE id = 1 AND life = :life AND mark = :mark AND installation = :installation
      AND system_identifier = :system_identifier AND timeline = :timeline AND next_timeline IS NULL)
  AND (:account::bigint IS NULL OR NOT EXISTS (
    SELECT 1 FROM messaging_fencehold WHERE decided_at IS NULL AND (account_id IS NULL OR account_id = :account)))
