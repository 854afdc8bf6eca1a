-- name: add
COPY staged_stop (line, phone, note) FROM STDIN

-- name: number
INSERT INTO staged_number (n, phone, note)
SELECT row_number() OVER (ORDER BY phone), phone, note
FROM (SELECT DISTINCT ON (phone) phone, note FROM staged_stop ORDER BY phone, line) AS first

-- name: analyze
ANALYZE staged_number
