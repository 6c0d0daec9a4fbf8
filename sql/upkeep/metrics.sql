-- The metrics of the whole service. Each statement reads a small index only, however large the tables are.

-- name: count_images
SELECT state, count(*) AS images FROM images GROUP BY state

-- name: count_failed
SELECT coalesce(error_code, '') AS error_code, count(*) AS images FROM images WHERE state = 'failed' GROUP BY error_code

-- name: count_held
SELECT coalesce(error_code, '') AS error_code, count(*) AS images,
       extract(epoch FROM now() - min(finished_at))::float8 AS oldest_age_s
FROM images WHERE state = 'needs_review' GROUP BY error_code

-- name: count_waiting
SELECT batches.queue, sum(waiting.images)::bigint AS images,
       extract(epoch FROM now() - min(batches.created_at))::float8 AS oldest_age_s
FROM (
    SELECT batch_id, count(*) AS images FROM attempts WHERE outcome IS NULL AND started_at IS NULL GROUP BY batch_id
) AS waiting
JOIN batches ON batches.id = waiting.batch_id
GROUP BY batches.queue

-- name: count_due
SELECT count(*) AS batches, coalesce(extract(epoch FROM now() - min(not_before)), 0)::float8 AS oldest_age_s
FROM outbox WHERE not_before <= now()

-- name: count_undelivered
SELECT count(*) AS deliveries, coalesce(extract(epoch FROM now() - min(deliveries.created_at)), 0)::float8 AS oldest_age_s
FROM webhook_deliveries AS deliveries JOIN webhooks ON webhooks.id = deliveries.webhook_id
WHERE deliveries.state = 'pending' AND webhooks.is_enabled

-- name: count_disabled_webhooks
SELECT count(*) AS webhooks FROM webhooks WHERE NOT is_enabled
