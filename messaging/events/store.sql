-- Unless the digest is known: then it is a repeat.
-- name: store prepared
INSERT INTO messaging_callbackevent (
  account_id, kind, polled, headers, query, body, digest, signed_at, arrived_at, state, note, tries, elements_done, malformed)
VALUES (
  :account, :kind, :polled, :headers, :query, :body, :digest, :signed_at, :arrived_at, :state, '', 0, 0, 0)
ON CONFLICT DO NOTHING
