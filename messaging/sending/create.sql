-- In the order of the numbers, which the recipients have already: nothing is sorted, nothing is stored twice. Batches are made first, full
-- ones, as many as there would be if nobody was left out, and cut to fit afterwards.
-- name: open_batches
INSERT INTO messaging_batch (dispatch_id, account_id, number, size)
WITH RECURSIVE numbers(number) AS (
  SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < :last)
SELECT :dispatch, :account, number, :size FROM numbers WHERE number <= :last ORDER BY number

-- With the number of the batch, NULL for those left out. The recipients are sorted inside, so that PostgreSQL decides about each once:
-- else it would repeat the rules wherever `outcome` stands.
-- name: straight_on
SELECT phone, variables, outcome,
  CASE WHEN outcome = '' THEN
    (COUNT(*) FILTER (WHERE outcome = '') OVER (ORDER BY phone ROWS UNBOUNDED PRECEDING) - 1) / :size + 1
  END AS number
FROM (:recipients) AS decided ORDER BY phone

-- One row for each of `planned`, in its order; those without a number are kept as left out.
-- name: store_deliveries
INSERT INTO messaging_delivery (dispatch_id, batch_id, run_id, leg, phone, variables, own_status, reason)
SELECT :dispatch, b.id, :run_id, :leg, p.phone, p.variables, CASE WHEN p.number IS NULL THEN :skipped END, p.outcome
FROM (:planned) AS p LEFT JOIN messaging_batch b ON b.dispatch_id = :dispatch AND b.number = p.number

-- Who has no batch, by the index of these.
-- name: left_out
SELECT reason, COUNT(*), COUNT(own_status) FROM messaging_delivery WHERE dispatch_id = :dispatch AND batch_id IS NULL GROUP BY reason

-- name: drop_batches
DELETE FROM messaging_batch WHERE dispatch_id = :dispatch AND number > :last

-- name: cut_batch
UPDATE messaging_batch SET size = :size WHERE dispatch_id = :dispatch AND number = :last

-- 0 for the canary, so many of those to be sent to; nobody where it would be all of them.
-- name: lead
CASE WHEN outcome = '' AND ROW_NUMBER() OVER (PARTITION BY outcome ORDER BY :drawn, phone) <= :wanted
  AND :wanted < COUNT(*) OVER (PARTITION BY outcome) THEN 0 ELSE 1 END

-- name: lead_people
:people

-- name: lead_percent
(COUNT(*) OVER (PARTITION BY outcome) * :per_mille + 999) / 1000

-- A number's place in the draw: 0 to 9972, the same on every database, far apart for neighbours. The factors are primes; other ones would
-- draw other people, also for campaigns under way.
-- name: drawn
((((CAST(:phone AS BIGINT) * 7919 + :seed) % 1000003) * 6271) % 9973)

-- By groups: the canary apart (`lead` 0), a request for each text, or the few of an audience that a condition chooses, for whom
-- batches for all would be made in vain.
-- name: by_groups
SELECT phone, variables, outcome, text, lead,
  CASE WHEN outcome = '' THEN DENSE_RANK() OVER (PARTITION BY outcome ORDER BY lead, text, piece) + :first END AS number
FROM (
  SELECT phone, variables, outcome, text, lead,
    (ROW_NUMBER() OVER (PARTITION BY outcome, lead, text ORDER BY phone) - 1) / :size + 1 AS piece
  FROM (SELECT d.*, :lead AS lead FROM (:recipients) AS d) AS decided
) AS cut
ORDER BY outcome, lead, text, phone
