-- What became of each of a run's deliveries, as far as a follow-up asks.
-- name: outcomes
SELECT d.phone, d.leg,
  CASE
    WHEN d.own_status = :own_failed THEN 'failed'
    WHEN d.own_status = :own_rejected OR (d.own_status IS NULL AND b.state = :rejected) THEN 'rejected'
    WHEN d.own_status = :own_no_receipt THEN 'no_receipt'
    WHEN d.own_status = :own_skipped OR (d.own_status IS NULL AND b.state IN :never_sent) THEN 'never_sent'
    ELSE 'other'
  END AS outcome
FROM messaging_delivery d LEFT JOIN messaging_batch b ON b.id = d.batch_id
WHERE d.run_id = :run_id

-- A condition on members m: all of whose rows in the run are in a chosen group or were never sent, at least one chosen; or have none.
-- name: resend
(
  (:some_groups AND m.phone IN (
    SELECT phone FROM (:outcomes) AS found GROUP BY phone
    HAVING COUNT(CASE WHEN outcome IN :groups THEN 1 END) > 0
      AND COUNT(CASE WHEN outcome IN :groups OR outcome = 'never_sent' THEN NULL ELSE 1 END) = 0))
  OR (:new AND NOT EXISTS (SELECT 1 FROM messaging_delivery d WHERE d.run_id = :run_id AND d.phone = m.phone))
)

-- A condition on members m: only after a final failure in the main leg, and only who is in no other leg.
-- name: fallback
m.phone IN (SELECT phone FROM (:outcomes) AS found WHERE leg = 'main' AND outcome IN :final)
AND NOT EXISTS (SELECT 1 FROM messaging_delivery x WHERE x.run_id = :run_id AND x.phone = m.phone AND x.leg <> 'main')
