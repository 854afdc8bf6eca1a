-- name: create_rows
CREATE TEMPORARY TABLE staged_row (line integer, phone text, operator text, variables text)

-- name: create_problems
CREATE TEMPORARY TABLE staged_problem (line integer, "column" text, reason text, value text, cells text)

-- Where each number has its own.
-- name: create_consents
CREATE TEMPORARY TABLE staged_consent (line integer PRIMARY KEY, day text, source text)

-- name: add_rows
INSERT INTO staged_row (line, phone, operator, variables) VALUES (:line, :phone, :operator, :variables)

-- name: add_problems
INSERT INTO staged_problem (line, "column", reason, value, cells) VALUES (:line, :column, :reason, :value, :cells)

-- name: add_consents
INSERT INTO staged_consent (line, day, source) VALUES (:line, :day, :source)

-- Every staged row in the order of the numbers, with the first line of its number, and whether an earlier file has it.
-- name: judged
SELECT line, phone, operator, variables, MIN(line) OVER (PARTITION BY phone) AS first,
  :others AND EXISTS (
    SELECT 1 FROM campaigns_audiencemember m
    WHERE m.audience_id = :audience AND m.phone = s.phone AND m.source_id <> :source) AS known
FROM staged_row s

-- name: store
INSERT INTO campaigns_audiencemember (audience_id, source_id, phone, operator, line, variables, consent_source, consent_on)
SELECT :audience, :source, phone, operator, judged.line, variables, CASE WHEN :consents THEN COALESCE(k.source, '') END, k.day
FROM (:judged) AS judged LEFT JOIN staged_consent k ON k.line = judged.line
WHERE judged.line = first AND NOT known

-- With the mask of a stored number: digits of one length.
-- name: store_repeats
INSERT INTO campaigns_importproblem (source_id, line, "column", reason, value, cells, first_line)
SELECT :source, line, :column, CASE WHEN line > first THEN 'duplicate' ELSE 'already' END,
  substr(phone, 1, 3) || '****' || substr(phone, 8, 4), '{}', CASE WHEN line > first THEN first END
FROM (:judged) AS judged WHERE line > first OR known ORDER BY line
