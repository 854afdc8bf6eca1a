-- name: apply
UPDATE messaging_delivery SET
  own_status = :new, channel = COALESCE(NULLIF(:channel, ''), channel), reason = :reason, vendor_message = :vendor_message,
  reported_at = :at, legs_delivered = MAX(legs_delivered, :legs), units = MAX(units, :units)
WHERE id = :delivery
