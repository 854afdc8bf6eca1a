-- name: rows
SELECT json_extract(value, '$.phone') AS phone, json_extract(value, '$.variables') AS variables,
  json_extract(value, '$.outcome') AS outcome, json_extract(value, '$.text') AS text
FROM json_each(:rows) ORDER BY phone
