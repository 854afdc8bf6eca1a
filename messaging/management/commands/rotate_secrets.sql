-- name: secrets
SELECT id, :column FROM :table WHERE :column <> ''

-- name: store
UPDATE :table SET :column = :secret WHERE id = :id
