-- name: drop_rows
DROP TABLE IF EXISTS staged_row

-- name: drop_problems
DROP TABLE IF EXISTS staged_problem

-- name: drop_consents
DROP TABLE IF EXISTS staged_consent

-- name: store_problems
INSERT INTO campaigns_importproblem (source_id, line, "column", reason, value, cells)
SELECT :source, line, "column", reason, value, cells FROM staged_problem ORDER BY line
