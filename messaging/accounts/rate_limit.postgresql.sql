-- The row of the dispatch's account. The wait ends by the time-out that the same statement sets, for this transaction alone.
-- name: lock
SELECT rate.id, rate.account_id, rate.free_at, asked.patience
FROM (
  SELECT account_id,
    set_config('lock_timeout', CASE WHEN account_id = ANY(:impatient) THEN '50ms' ELSE :patience END, true) AS patience
  FROM messaging_dispatch WHERE id = :dispatch
) AS asked JOIN messaging_accountratelimit AS rate ON rate.account_id = asked.account_id
FOR UPDATE OF rate
