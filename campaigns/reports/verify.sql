-- Deliveries whose rank is below that of a receipt that is matched to them.
-- name: behind
SELECT COUNT(*)
FROM messaging_receipt r
JOIN messaging_attempt a ON a.id = r.attempt_id
JOIN messaging_batch b ON b.id = a.batch_id
JOIN messaging_delivery d ON d.dispatch_id = b.dispatch_id AND d.phone = r.phone
WHERE r.state = 'matched' AND b.dispatch_id IN :dispatches
  AND COALESCE(d.own_status, 0) < CASE r.status
    WHEN 'no_receipt' THEN :no_receipt WHEN 'failed' THEN :failed WHEN 'delivered' THEN :delivered WHEN 'read' THEN :read
    ELSE 0 END
