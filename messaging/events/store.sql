-- Unless the digest is known: then it is a repeat.
-- name: store prepared
INSERT INTO messaging_callbackevent (account_id, kind, polled, headers, query, body, digest, signed_at, arrived_at)
VALUES (:account, :kind, :polled, :headers, :query, :body, :digest, :signed_at, :arrived_at)
ON CONFLICT DO NOTHING
