-- name: variable
COALESCE(m.variables ->> :name, '')

-- A character outside the basic plane, such as most emoji, is two. Where a text has none, it is looked through once.
-- name: utf16_length
length(regexp_replace(:text, '[\U00010000-\U0010ffff]', '  ', 'g'))
