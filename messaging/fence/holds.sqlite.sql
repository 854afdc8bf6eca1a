-- No row where the table has never had one.
-- name: last_number
SELECT seq FROM sqlite_sequence WHERE name = :table

-- The table of sequences has no unique index, so a row is put into the place of the old one.
-- name: forget_number
DELETE FROM sqlite_sequence WHERE name = :table

-- name: go_on_from
INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :number)
