-- For the reconciler: dispatched batches with images under way.

-- name: batches_underway
-- is_worker_connected: a process that started an attempt still has a session.
WITH sessions AS MATERIALIZED (
    SELECT application_name FROM pg_stat_activity WHERE datname = current_database()
)
SELECT batches.id AS batch_id, batches.flow_run_id, array_agg(attempts.id) AS attempt_ids,
       extract(epoch FROM now() - min(attempts.started_at))::real AS started_age_s,
       coalesce(bool_or(attempts.started_by IN (SELECT application_name FROM sessions)), false) AS is_worker_connected,
       extract(epoch FROM now() - batches.created_at)::real AS age_s
FROM images
JOIN attempts ON attempts.id = images.open_attempt_id
JOIN batches ON batches.id = attempts.batch_id
WHERE NOT EXISTS (SELECT FROM outbox WHERE outbox.batch_id = batches.id)
GROUP BY batches.id
ORDER BY batches.id

-- name: oldest_undispatched
SELECT count(*) AS batches, coalesce(extract(epoch FROM now() - min(not_before)), 0)::real AS age_s FROM outbox

-- name: failed_attempts
-- Reads the index attempts_fruitless only.
SELECT outcome, coalesce(error_code, '') AS error_code,
       count(*) FILTER (WHERE finished_at > now() - interval '1 hour') AS last_hour, count(*) AS last_day
FROM attempts
WHERE outcome IN ('retried', 'given_up') AND finished_at > now() - interval '1 day'
GROUP BY outcome, error_code
ORDER BY last_day DESC, outcome, error_code
