-- name: add_to_counters
UPDATE messaging_batch SET
  n_skipped = n_skipped + :skipped, n_rejected = n_rejected + :rejected, n_no_receipt = n_no_receipt + :no_receipt,
  n_failed = n_failed + :failed, n_delivered = n_delivered + :delivered, n_read = n_read + :read
WHERE id = :batch
