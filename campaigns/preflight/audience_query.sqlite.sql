-- A key is compared with the stored text, in which Django escapes what is not ASCII and the importer does not.
-- name: variable
COALESCE(json_extract(m.variables, :path), json_extract(m.variables, :escaped_path), '')

-- name: utf16_length
utf16_length(:text)
