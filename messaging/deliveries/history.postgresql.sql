-- The newest by their dispatches: ids are taken from their sequence a thousand at a time by whoever stores rows, in no common order.
-- name: newest prepared
SELECT EXISTS (SELECT 1 FROM messaging_reply WHERE phone = :phone),
       EXISTS (SELECT 1 FROM messaging_click WHERE phone = :phone),
       EXISTS (SELECT 1 FROM messaging_suppression WHERE phone = :phone),
       found.*
FROM (SELECT 1) AS one
LEFT JOIN LATERAL (
  SELECT :columns
  FROM messaging_delivery d
  JOIN messaging_dispatch x ON x.id = d.dispatch_id
  LEFT JOIN messaging_batch b ON b.id = d.batch_id
  LEFT JOIN templates_5g_templateversion v ON v.id = x.version_id
  WHERE d.phone = :phone
    AND (:before::timestamptz IS NULL OR x.created_at < :before)
    AND (:after::timestamptz IS NULL OR x.created_at >= :after)
  ORDER BY x.created_at DESC, d.id DESC LIMIT :limit
) AS found ON TRUE
