-- Expiring records with a fixed lifetime, the oldest first.

-- name: expire_events
DELETE FROM events WHERE (owner, sequence) IN (
    SELECT owner, sequence FROM events WHERE created_at < now() - %(kept_hours)s * interval '1 hour'
    ORDER BY created_at LIMIT %(limit)s
)

-- name: expire_deliveries
DELETE FROM webhook_deliveries WHERE id IN (
    SELECT webhook_deliveries.id FROM webhook_deliveries JOIN webhooks ON webhooks.id = webhook_id
    WHERE webhook_deliveries.created_at < now() - %(kept_hours)s * interval '1 hour'
      AND (state <> 'pending' OR NOT webhooks.is_enabled)
    ORDER BY webhook_deliveries.created_at LIMIT %(limit)s
)

-- name: expire_idempotency_keys
DELETE FROM idempotency_keys WHERE (owner, key) IN (
    SELECT owner, key FROM idempotency_keys WHERE created_at < now() - %(kept_hours)s * interval '1 hour'
    ORDER BY created_at LIMIT %(limit)s
)
