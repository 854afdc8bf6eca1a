-- name: count
SELECT outcome, operator, COUNT(*), SUM(units) FROM (:members) AS planned GROUP BY outcome, operator

-- Where one request has one text.
-- name: count_requests
SELECT SUM((people + :size - 1) / :size)
FROM (SELECT COUNT(*) AS people FROM (:members) AS planned WHERE outcome = '' GROUP BY text) AS texts

-- name: people
SELECT phone, variables FROM (:members) AS planned WHERE outcome = :outcome ORDER BY phone LIMIT :most
