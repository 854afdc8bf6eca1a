-- The timeline of the log that is being written; what pg_control_checkpoint() says is old until the next checkpoint.
-- name: server
SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
       ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint AS timeline
