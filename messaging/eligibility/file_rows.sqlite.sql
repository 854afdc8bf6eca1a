-- name: add
INSERT INTO staged_stop (line, phone, note) VALUES (:line, :phone, :note)

-- With MIN, SQLite takes the other columns from the row that holds the minimum.
-- name: number
INSERT INTO staged_number (n, phone, note)
SELECT row_number() OVER (ORDER BY phone), phone, note
FROM (SELECT phone, note, MIN(line) FROM staged_stop GROUP BY phone) AS first
