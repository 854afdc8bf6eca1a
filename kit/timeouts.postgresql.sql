-- name: switched_off
SELECT name FROM pg_settings WHERE name = ANY(:names) AND setting = '0' ORDER BY name
