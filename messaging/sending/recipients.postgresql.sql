-- name: rows
SELECT phone, variables, outcome, text
FROM jsonb_to_recordset(:rows::jsonb) AS r(phone text, variables jsonb, outcome text, text text) ORDER BY phone
