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
      WHERE d.batch_id = b.id AND x.purpose = :purpose AND x.counts_for_cap AND x.run_id <> :run_id
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
      WHERE v.template_id = :template AND x.run_id <> :run_id AND COALESCE(d.own_status, 0) NOT IN :unsent
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

-- True unless 1 <= length <= longest, as a distance from the middle: BETWEEN would take the value out of its JSON twice.
-- name: length_is_bad
ABS(2 * length(:variable) - (:longest + 1)) > :longest - 1

-- Billable units of an SMS of so many UTF-16 units, as `templates_5g.fallback.segments` counts them.
-- name: units
CASE WHEN :length <= :single THEN 1 ELSE (:length + :part - 1) / :part END

-- Sorted inside, so that PostgreSQL decides about each member once, in the order of their index.
-- name: in_order
:members ORDER BY m.phone

-- name: members_of_files
SELECT COUNT(*) FROM campaigns_audiencemember WHERE audience_id = :audience AND source_id IN :imports
