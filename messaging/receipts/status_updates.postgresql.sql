-- name: lock
SELECT id, state FROM messaging_batch
WHERE id = ANY(:batches::bigint[]) OR split_from_id = ANY(:batches::bigint[])
ORDER BY id FOR UPDATE

-- What each update says about whom. A part of the two statements at the end.
-- name: updates
SELECT i.n, i.phone, to_timestamp(i.at) AS at, k.run_id, k.leg, k.new, k.channel, k.reason, k.vendor_message
FROM unnest(:numbers::int[], :kinds::int[], :phones::text[], :times::float8[]) AS i(n, kind, phone, at)
JOIN unnest(
    :keys::int[], :runs::uuid[], :legs::text[], :owns::smallint[], :channels::text[], :reasons::text[], :vendor_messages::text[])
  AS k(kind, run_id, leg, new, channel, reason, vendor_message) ON k.kind = i.kind

-- What an update s sets on its delivery d. A part as well.
-- name: new_status
own_status = s.new, channel = CASE WHEN s.channel = '' THEN d.channel ELSE s.channel END, reason = s.reason,
vendor_message = s.vendor_message, reported_at = COALESCE(s.at, now()),
legs_delivered = GREATEST(d.legs_delivered, CASE WHEN s.new >= :delivered THEN 1 ELSE 0 END),
units = GREATEST(d.units, CASE WHEN s.new >= :delivered THEN 1 ELSE 0 END)

-- The counters of the batches move with their people. A part as well.
-- name: counters
UPDATE messaging_batch AS b SET
  n_skipped = b.n_skipped + m.n_skipped, n_rejected = b.n_rejected + m.n_rejected,
  n_no_receipt = b.n_no_receipt + m.n_no_receipt, n_failed = b.n_failed + m.n_failed,
  n_delivered = b.n_delivered + m.n_delivered, n_read = b.n_read + m.n_read
FROM (
  SELECT batch_id,
    COUNT(*) FILTER (WHERE new = :skipped) - COUNT(*) FILTER (WHERE old = :skipped) AS n_skipped,
    COUNT(*) FILTER (WHERE new = :rejected) - COUNT(*) FILTER (WHERE old = :rejected) AS n_rejected,
    COUNT(*) FILTER (WHERE new = :no_receipt) - COUNT(*) FILTER (WHERE old = :no_receipt) AS n_no_receipt,
    COUNT(*) FILTER (WHERE new = :failed) - COUNT(*) FILTER (WHERE old = :failed) AS n_failed,
    COUNT(*) FILTER (WHERE new = :delivered) - COUNT(*) FILTER (WHERE old = :delivered) AS n_delivered,
    COUNT(*) FILTER (WHERE new = :read) - COUNT(*) FILTER (WHERE old = :read) AS n_read
  FROM moved GROUP BY batch_id
) AS m
WHERE b.id = m.batch_id

-- For people of whom nothing is known yet. NULL where all of them climbed: which updates moved somebody is asked only where not all did.
-- name: apply_first
WITH moved AS (
  UPDATE messaging_delivery AS d SET :new_status
  FROM (:updates) AS s
  WHERE d.run_id = s.run_id AND d.leg = s.leg AND d.phone = s.phone AND d.own_status IS NULL
  RETURNING s.n, d.batch_id, NULL::smallint AS old, s.new),
counted AS (:counters)
SELECT CASE WHEN COUNT(*) < :how_many THEN COALESCE(array_agg(n), '{}') END FROM moved

-- For the others: their old status is read beside the new one.
-- name: apply_later
WITH moved AS (
  UPDATE messaging_delivery AS d SET :new_status
  FROM (
    SELECT i.*, o.id AS row_id, o.own_status AS old
    FROM (:updates) AS i
    JOIN messaging_delivery AS o ON o.run_id = i.run_id AND o.leg = i.leg AND o.phone = i.phone
  ) AS s
  WHERE d.id = s.row_id AND d.own_status IS NOT DISTINCT FROM s.old AND COALESCE(d.own_status, 0) < s.new
  RETURNING s.n, d.batch_id, s.old, s.new),
counted AS (:counters)
SELECT n, old FROM moved
