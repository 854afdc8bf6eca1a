-- The values of a column from the least to the greatest, each found in the index.
-- name: leap
WITH RECURSIVE found(value) AS (
  SELECT MIN(:column) FROM :table
  UNION ALL
  SELECT (SELECT MIN(:column) FROM :table WHERE :column > found.value) FROM found WHERE found.value IS NOT NULL
)
SELECT value FROM found WHERE value IS NOT NULL LIMIT :most

-- Word by word the condition of the index: SQLite takes the index for nothing else.
-- name: leap_filled
WITH RECURSIVE found(value) AS (
  SELECT MIN(:column) FROM :table WHERE NOT (:column = '')
  UNION ALL
  SELECT (SELECT MIN(:column) FROM :table WHERE NOT (:column = '') AND :column > found.value)
    FROM found WHERE found.value IS NOT NULL
)
SELECT value FROM found WHERE value IS NOT NULL LIMIT :most
