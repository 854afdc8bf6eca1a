-- Who of an audience gets it, and who is left out under which reason: one row for each member. A row counts once, under the first
-- reason that stops it. A rule that is not asked for has a false flag before it, and costs nothing.
-- name: members
SELECT m.phone, m.variables, m.operator,
  CASE
    -- As in the recheck at every claim.
    WHEN EXISTS (SELECT 1 FROM messaging_suppression s WHERE s.phone = m.phone AND :in_force) THEN 'suppressed'
    -- A number's own consent where its file has such, else the audience's.
    WHEN CASE
      WHEN NOT :own_consent OR m.consent_source IS NULL THEN NOT :consented
      ELSE m.consent_on IS NULL OR m.consent_on > :today OR (NOT :named_source AND m.consent_source = '')
    END THEN 'no_consent'
    -- Two caps at most. CROSS JOIN: SQLite would else read the deliveries of all times in the order of the numbers, to spare the
    -- grouping a sort.
    WHEN :capped AND m.phone IN (
      SELECT d.phone
      FROM (:out_for_caps) AS b
      JOIN messaging_dispatch x ON x.id = b.dispatch_id
      CROSS JOIN messaging_delivery d
      WHERE d.batch_id = b.id AND x.purpose = :purpose AND x.counts_for_cap AND x.run <> :run
        AND COALESCE(d.own_status, 0) NOT IN :unsent
      GROUP BY d.phone
      HAVING COUNT(CASE WHEN b.at >= :first_since THEN 1 END) >= :first_cap
        OR COUNT(CASE WHEN b.at >= :second_since THEN 1 END) >= :second_cap
    ) THEN 'over_cap'
    WHEN :once_in_days AND m.phone IN (
      SELECT d.phone
      FROM templates_5g_templateversion v
      JOIN messaging_dispatch x ON x.version_id = v.id
      JOIN (:out_lately) AS b ON b.dispatch_id = x.id
      JOIN messaging_delivery d ON d.batch_id = b.id
      WHERE v.template_id = :template AND x.run <> :run AND COALESCE(d.own_status, 0) NOT IN :unsent
    ) THEN 'sent_lately'
    WHEN :some_operators AND m.operator NOT IN :operators THEN 'operator'
    WHEN :variables_are_bad THEN 'bad_variables'
    ELSE ''
  END AS outcome,
  :text AS text,
  :units AS units
FROM campaigns_audiencemember m
WHERE m.audience_id = :audience AND m.source_id IN :imports
  AND (:undivided OR (:drawn % 100 >= :part_from AND :drawn % 100 < :part_until))
  AND :only

-- Batches that were or may have been handed over since then: who may have got it counts as one who did. Each half has an index of its
-- own. SQLite uses batch_by_account only where its condition is repeated word for word, so the states are those of the index, and
-- what is only claimed is taken out again: nothing of it has been on the wire.
-- name: out_since
SELECT id, dispatch_id, submitted_at AS at FROM messaging_batch WHERE submitted_at >= :since
UNION ALL
SELECT id, dispatch_id, claimed_at FROM messaging_batch
WHERE state IN ('claimed', 'sending', 'unknown') AND state <> 'claimed' AND submitted_at IS NULL AND claimed_at >= :since

-- A number's place in the draw for shares and canary: 0 to 9972, the same on every database, far apart for neighbours. The factors are
-- primes; other ones would draw other people, also for campaigns under way.
-- name: drawn
((((CAST(:phone AS BIGINT) * 7919 + :seed) % 1000003) * 6271) % 9973)

-- True unless 1 <= length <= longest, as a distance from the middle: BETWEEN would take the value out of its JSON twice.
-- name: length_is_bad
ABS(2 * length(:variable) - (:longest + 1)) > :longest - 1

-- Billable units of an SMS of so many UTF-16 units, as `templates_5g.fallback.segments` counts them.
-- name: units
CASE WHEN :length <= :single THEN 1 ELSE (:length + :part - 1) / :part END

-- name: count
SELECT outcome, operator, COUNT(*), SUM(units) FROM (:members) AS planned GROUP BY outcome, operator

-- Where one request has one text.
-- name: count_requests
SELECT SUM((people + :size - 1) / :size)
FROM (SELECT COUNT(*) AS people FROM (:members) AS planned WHERE outcome = '' GROUP BY text) AS texts

-- name: people
SELECT phone, variables FROM (:members) AS planned WHERE outcome = :outcome ORDER BY phone LIMIT :most

-- Laying out. In the order of the numbers, which the members' index has already: nothing is sorted, nothing is stored twice. Batches
-- are made first, full ones, as many as there would be if nobody was left out, and cut to fit afterwards.
-- name: members_of_files
SELECT COUNT(*) FROM campaigns_audiencemember WHERE audience_id = :audience AND source_id IN :imports

-- name: open_batches
INSERT INTO messaging_batch (dispatch_id, account_id, number, size)
WITH RECURSIVE numbers(number) AS (
  SELECT :first + 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < :last)
SELECT :dispatch, :account, number, :size FROM numbers WHERE number <= :last ORDER BY number

-- With the number of the batch, NULL for those left out. Sorted inside, so that PostgreSQL decides about each member once: else it
-- would repeat the rules wherever `outcome` stands.
-- name: straight_on
SELECT phone, variables, outcome,
  CASE WHEN outcome = '' THEN
    (COUNT(*) FILTER (WHERE outcome = '') OVER (ORDER BY phone ROWS UNBOUNDED PRECEDING) - 1) / :size + 1 + :first
  END AS number
FROM (:members ORDER BY m.phone) AS decided ORDER BY phone

-- One row for each of `planned`, in its order; those without a number are kept as left out.
-- name: store_deliveries
INSERT INTO messaging_delivery (dispatch_id, batch_id, run, leg, phone, variables, own_status, reason)
SELECT :dispatch, b.id, :run, :leg, p.phone, p.variables, CASE WHEN p.number IS NULL THEN :skipped END, p.outcome
FROM (:planned) AS p LEFT JOIN messaging_batch b ON b.dispatch_id = :dispatch AND b.number = p.number

-- Who has no batch, by the index of these.
-- name: left_out
SELECT COUNT(*), COUNT(own_status) FROM messaging_delivery WHERE dispatch_id = :dispatch AND batch_id IS NULL

-- name: drop_batches
DELETE FROM messaging_batch WHERE dispatch_id = :dispatch AND number > :last

-- name: cut_batch
UPDATE messaging_batch SET size = :size WHERE dispatch_id = :dispatch AND number = :last

-- 0 for the canary, so many of those to be sent to.
-- name: lead
CASE WHEN outcome = '' AND ROW_NUMBER() OVER (PARTITION BY outcome ORDER BY :drawn, phone) <= :canary THEN 0 ELSE 1 END

-- By groups: the canary apart (`lead` 0), a request for each text, or the few of an audience that a condition chooses, for whom
-- batches for all would be made in vain. Decided into a table, from which the batches are counted.
-- name: by_groups
SELECT phone, variables, outcome, text, lead,
  CASE WHEN outcome = '' THEN DENSE_RANK() OVER (PARTITION BY outcome ORDER BY lead, text, piece) + :first END AS number
FROM (
  SELECT phone, variables, outcome, text, lead,
    (ROW_NUMBER() OVER (PARTITION BY outcome, lead, text ORDER BY phone) - 1) / :size + 1 AS piece
  FROM (SELECT d.*, :lead AS lead FROM (:members) AS d) AS decided
) AS cut
ORDER BY outcome, lead, text, phone

-- name: drop_table
DROP TABLE IF EXISTS planned

-- name: make_table
CREATE TEMPORARY TABLE planned AS :by_groups

-- name: read_table
SELECT * FROM planned

-- name: store_batches
INSERT INTO messaging_batch (dispatch_id, account_id, number, size, text)
SELECT :dispatch, :account, number, COUNT(*), MIN(text) FROM planned WHERE number IS NOT NULL GROUP BY number ORDER BY number

-- name: in_batches
SELECT COUNT(number), MAX(CASE WHEN lead = 0 THEN number END) FROM planned
