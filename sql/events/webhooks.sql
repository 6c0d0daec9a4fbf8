-- Webhooks, and the outbox and log of their deliveries. A transaction that needs both rows locks the webhook first. An
-- owner of null means every owner.

-- name: lock_webhooks_of_owner
-- Until the transaction ends, so that two transactions that count and insert cannot exceed the limit together.
SELECT pg_advisory_xact_lock(hashtextextended('webhooks of ' || %(owner)s, 0))

-- name: count_webhooks
SELECT count(*) AS webhooks FROM webhooks WHERE owner = %(owner)s AND job_id IS NULL

-- name: insert_webhook
INSERT INTO webhooks (id, owner, job_id, url, events, secret)
VALUES (%(id)s, %(owner)s, %(job_id)s, %(url)s, %(events)s, %(secret)s)
RETURNING *

-- name: webhooks
SELECT * FROM webhooks
WHERE owner = %(owner)s AND job_id IS NOT DISTINCT FROM %(job_id)s::uuid
ORDER BY id

-- name: webhook
SELECT * FROM webhooks WHERE id = %(webhook_id)s AND (%(owner)s::text IS NULL OR owner = %(owner)s)

-- name: change_webhook
-- A new address, or enabling, resets the failures. busy_until stays: a sender may be using the endpoint.
UPDATE webhooks SET
    url = coalesce(%(url)s::text, url),
    events = coalesce(%(events)s::text[], events),
    is_enabled = coalesce(%(is_enabled)s::boolean, is_enabled),
    disabled_reason = CASE WHEN %(is_enabled)s::boolean IS NULL THEN disabled_reason END,
    failing_since = CASE WHEN %(is_enabled)s::boolean OR %(url)s::text IS NOT NULL THEN NULL ELSE failing_since END,
    failures_in_a_row = CASE WHEN %(is_enabled)s::boolean OR %(url)s::text IS NOT NULL THEN 0 ELSE failures_in_a_row END
WHERE id = %(webhook_id)s
RETURNING *

-- name: delete_webhook
DELETE FROM webhooks WHERE id = %(webhook_id)s

-- name: rotate_secret
UPDATE webhooks SET previous_secret = secret, secret = %(secret)s,
    previous_secret_until = now() + %(overlap_s)s * interval '1 second'
WHERE id = %(webhook_id)s
RETURNING *

-- name: webhooks_with_plain_secrets
SELECT id, secret, previous_secret FROM webhooks
WHERE secret LIKE 'whsec\_%%' OR previous_secret LIKE 'whsec\_%%'
FOR NO KEY UPDATE

-- name: store_webhook_secrets
UPDATE webhooks SET secret = %(secret)s, previous_secret = %(previous_secret)s WHERE id = %(webhook_id)s

-- name: webhook_secrets
SELECT secret FROM webhooks WHERE is_enabled

-- name: end_pause
-- A user who sends a message now has presumably fixed the endpoint.
UPDATE webhooks SET paused_until = now() WHERE id = %(webhook_id)s

-- name: insert_test_delivery
INSERT INTO webhook_deliveries (webhook_id, type, payload)
SELECT id, 'test', jsonb_build_object(
    'type', 'test', 'timestamp', now(), 'data', jsonb_build_object('webhook_id', id))
FROM webhooks WHERE id = %(webhook_id)s
RETURNING *

-- name: notify_webhooks
SELECT pg_notify('blurline_webhooks', '')

-- name: deliveries
SELECT * FROM webhook_deliveries
WHERE webhook_id = %(webhook_id)s AND (%(before)s::bigint IS NULL OR sequence < %(before)s)
ORDER BY sequence DESC
LIMIT %(limit)s

-- name: redeliver
UPDATE webhook_deliveries SET state = 'pending', not_before = now()
WHERE id = %(delivery_id)s AND webhook_id = %(webhook_id)s
RETURNING *

-- name: claim_delivery
-- Leases an endpoint that no sender uses, and returns its first due delivery. Failing endpoints come after the others;
-- otherwise the one that has waited longest comes first. Each owner gets only a few senders, so that hanging endpoints
-- of one owner do not occupy all of them. NO KEY UPDATE, because a transaction that writes a delivery holds a key lock
-- on its webhook, and must neither wait nor hide the endpoint.
WITH idle AS (
    SELECT id FROM webhooks
    WHERE is_enabled AND busy_until <= now() AND paused_until <= now()
      AND (SELECT count(*) FROM webhooks AS others WHERE others.owner = webhooks.owner AND others.busy_until > now())
          < %(senders_an_owner)s
      AND EXISTS (
        SELECT FROM webhook_deliveries AS due
        WHERE due.webhook_id = webhooks.id AND due.state = 'pending' AND due.not_before <= now()
    )
    ORDER BY failures_in_a_row, greatest(busy_until, paused_until)
    LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED
), leased AS (
    UPDATE webhooks SET busy_until = now() + %(lease_s)s * interval '1 second'
    FROM idle WHERE webhooks.id = idle.id
    RETURNING webhooks.*
)
SELECT leased.id AS webhook_id, leased.busy_until AS leased_until, leased.url, leased.failures_in_a_row, leased.secret,
       CASE WHEN leased.previous_secret_until > now() THEN leased.previous_secret END AS previous_secret,
       delivery.id AS delivery_id, delivery.payload, delivery.tries
FROM leased CROSS JOIN LATERAL (
    SELECT * FROM webhook_deliveries AS due
    WHERE due.webhook_id = leased.id AND due.state = 'pending' AND due.not_before <= now()
    ORDER BY due.not_before, due.sequence
    LIMIT 1
) AS delivery

-- name: webhook_succeeded
UPDATE webhooks SET busy_until = now(), failing_since = NULL, failures_in_a_row = 0
WHERE id = %(webhook_id)s AND busy_until = %(leased_until)s

-- name: webhook_failed
-- Pauses the endpoint; disables it when it has failed for too long.
UPDATE webhooks SET
    busy_until = now(),
    paused_until = now() + %(pause_s)s * interval '1 second',
    failing_since = coalesce(failing_since, now()),
    failures_in_a_row = failures_in_a_row + 1,
    is_enabled = is_enabled AND NOT coalesce(failing_since < now() - %(stop_days)s * interval '1 day', false),
    disabled_reason = CASE
        WHEN is_enabled AND failing_since < now() - %(stop_days)s * interval '1 day' THEN %(reason)s
        ELSE disabled_reason
    END
WHERE id = %(webhook_id)s AND busy_until = %(leased_until)s
RETURNING is_enabled

-- name: stop_webhook
UPDATE webhooks SET busy_until = now(), is_enabled = false, disabled_reason = %(reason)s
WHERE id = %(webhook_id)s AND busy_until = %(leased_until)s

-- name: record_try
-- Skips a delivery that another sender has settled after this sender's lease expired.
UPDATE webhook_deliveries SET state = %(state)s, tries = tries + 1, last_status = %(status)s, last_error = %(error)s,
    last_try_at = now(), not_before = now() + %(delay_s)s * interval '1 second'
WHERE id = %(delivery_id)s AND state = 'pending'

-- name: give_up_deliveries
UPDATE webhook_deliveries SET state = 'given_up' WHERE webhook_id = %(webhook_id)s AND state = 'pending'
