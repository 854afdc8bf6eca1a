-- name: create_rows
CREATE TEMPORARY TABLE staged_row (line integer, phone text COLLATE "C", operator text, variables jsonb)

-- name: create_problems
CREATE TEMPORARY TABLE staged_problem (line integer, "column" text, reason text, value text, cells jsonb)

-- Where each number has its own.
-- name: create_consents
CREATE TEMPORARY TABLE staged_consent (line integer PRIMARY KEY, day date, source text)

-- name: add_rows
COPY staged_row FROM STDIN

-- name: add_problems
COPY staged_problem FROM STDIN

-- name: add_consents
COPY staged_consent FROM STDIN

-- The sort of a million rows then stays in memory, the server's own, for this transaction.
-- name: use_memory
SET LOCAL work_mem = '384MB'

-- Every staged row in the order of the numbers, with the first line of its number, and whether an earlier file has it. The members'
-- index is in the database's own order, and of no use to a number in another.
-- name: judged
SELECT line, phone, operator, variables, MIN(line) OVER (PARTITION BY phone) AS first,
  :others AND EXISTS (
    SELECT 1 FROM campaigns_audiencemember m
    WHERE m.audience_id = :audience AND m.phone = s.phone COLLATE "default" AND m.source_id <> :source) AS known
FROM staged_row s

-- With the mask of a stored number: digits of one length.
-- name: store_repeats
INSERT INTO campaigns_importproblem (source_id, line, "column", reason, value, cells, first_line)
SELECT :source, line, :column, CASE WHEN line > first THEN 'duplicate' ELSE 'already' END,
  substr(phone, 1, 3) || '****' || substr(phone, 8, 4), '{}', CASE WHEN line > first THEN first END
FROM judged WHERE line > first OR known ORDER BY line

-- name: store
WITH judged AS MATERIALIZED (:judged), repeats AS (:repeats)
INSERT INTO campaigns_audiencemember (audience_id, source_id, phone, operator, line, variables)
SELECT :audience, :source, phone, operator, line, variables FROM judged WHERE line = first AND NOT known

-- name: store_with_consents
WITH judged AS MATERIALIZED (:judged), repeats AS (:repeats)
INSERT INTO campaigns_audiencemember (audience_id, source_id, phone, operator, line, variables, consent_source, consent_on)
SELECT :audience, :source, phone, operator, judged.line, variables, COALESCE(k.source, ''), k.day
FROM judged LEFT JOIN staged_consent k ON k.line = judged.line
WHERE judged.line = first AND NOT known ORDER BY phone
