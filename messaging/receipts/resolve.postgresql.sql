-- name: reference
SELECT a.id, a.batch_id, a.reference, a.task_id, a.outcome, d.run_id, d.leg
FROM messaging_attempt a
JOIN messaging_batch b ON b.id = a.batch_id
JOIN messaging_dispatch d ON d.id = b.dispatch_id
WHERE a.account_id = :account AND a.reference = ANY(:values::text[]) ORDER BY a.id

-- name: task_id
SELECT a.id, a.batch_id, a.reference, a.task_id, a.outcome, d.run_id, d.leg
FROM messaging_attempt a
JOIN messaging_batch b ON b.id = a.batch_id
JOIN messaging_dispatch d ON d.id = b.dispatch_id
WHERE a.account_id = :account AND a.task_id = ANY(:values::text[]) ORDER BY a.id
