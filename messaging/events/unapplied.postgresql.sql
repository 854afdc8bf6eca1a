-- The first whatever its size, and as many behind it as keep the bodies together below a size. Headers are text on their way, since
-- JSON has no one binary form.
-- name: oldest prepared binary
SELECT id, account_id, kind, headers::text, query, body, signed_at, arrived_at, state, note, tries, elements_done, malformed
FROM (
  SELECT *, SUM(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS bytes_before
  FROM (
    SELECT * FROM messaging_callbackevent WHERE account_id = :account AND state = 'new' ORDER BY id LIMIT :limit
  ) AS first
) AS summed
WHERE bytes_before < :most_bytes ORDER BY id
