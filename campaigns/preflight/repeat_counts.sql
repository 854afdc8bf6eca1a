-- A column for each source: whether a person to be sent to is in it. IN, not a join: nothing is sorted, and nobody counts twice who is
-- in two dispatches of one source.
-- name: marked
SELECT phone, :columns FROM (:members) AS planned WHERE outcome = ''

-- name: count
SELECT COUNT(*), :names FROM (:marked) AS marked GROUP BY :names

-- name: people
SELECT phone, :names FROM (:marked) AS marked WHERE :any_of_them ORDER BY phone LIMIT :most

-- A source: numbers of a campaign that has no rows yet.
-- name: planned
SELECT o.phone FROM campaigns_audiencemember o WHERE o.audience_id = :audience AND o.source_id IN :imports

-- A source: numbers that may have got it since then, or wait for it. CROSS JOIN: in SQLite it keeps the order of the tables; else it
-- would read the deliveries of all times first.
-- name: sent
SELECT d.phone
FROM (:dispatches) AS x CROSS JOIN messaging_batch b CROSS JOIN messaging_delivery d
WHERE b.dispatch_id = x.id AND d.batch_id = b.id AND COALESCE(d.own_status, 0) NOT IN :unsent
  AND (b.submitted_at >= :since
    OR (b.state IN ('sending', 'unknown') AND b.submitted_at IS NULL AND b.claimed_at >= :since)
    OR (b.state IN ('queued', 'claimed') AND x.state IN :open))

-- name: of_runs
SELECT id, state FROM messaging_dispatch
WHERE version_id IN :versions AND run_id IN :runs AND run_id <> :run_id AND kind <> 'test'

-- Besides the versions, answers of the same text.
-- name: of_no_campaign
SELECT id, state FROM messaging_dispatch AS y
WHERE version_id IN :versions AND run_id <> :run_id AND kind <> 'test'
  AND NOT EXISTS (SELECT 1 FROM campaigns_campaign c WHERE c.run_id = y.run_id)
UNION ALL
SELECT id, state FROM messaging_dispatch AS y
WHERE :text <> '' AND kind = 'answer' AND version_id IS NULL AND text = :text AND run_id <> :run_id
  AND NOT EXISTS (SELECT 1 FROM campaigns_campaign c WHERE c.run_id = y.run_id)
