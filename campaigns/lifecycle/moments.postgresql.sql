-- By the batch: what left the queue, however it ended.
-- name: sent
SELECT CAST(FLOOR(EXTRACT(EPOCH FROM COALESCE(b.submitted_at, b.claimed_at)) / 60) AS BIGINT) AS minute, CAST(SUM(b.size - b.n_skipped) AS BIGINT)
FROM messaging_batch b JOIN messaging_dispatch x ON x.id = b.dispatch_id
WHERE x.run_id = :run_id AND b.state IN :states AND b.size > b.n_skipped
GROUP BY 1

-- By run, which the unique index begins with: there is none on the time.
-- name: heard
SELECT CAST(FLOOR(EXTRACT(EPOCH FROM d.reported_at) / 60) AS BIGINT) AS minute, COUNT(*), d.own_status
FROM messaging_delivery d
WHERE d.run_id = :run_id AND d.own_status IN :owns
GROUP BY 1, 3

-- From the replies since the first dispatch began: few beside the people.
-- name: replies
SELECT CAST(FLOOR(EXTRACT(EPOCH FROM r.replied_at) / 60) AS BIGINT) AS minute, COUNT(*)
FROM messaging_reply r JOIN messaging_delivery d ON d.id = r.delivery_id
WHERE d.run_id = :run_id AND r.account_id IN (SELECT account_id FROM messaging_dispatch WHERE run_id = :run_id)
  AND r.replied_at >= (SELECT MIN(started_at) FROM messaging_dispatch WHERE run_id = :run_id)
GROUP BY 1
