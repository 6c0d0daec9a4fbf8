-- The outbox: batches that wait to become flow runs.

-- name: claim_outbox
SELECT outbox.batch_id, outbox.tries, batches.job_id, batches.queue, jobs.traceparent,
       batches.rerun_id IS NOT NULL AS is_rerun
FROM outbox JOIN batches ON batches.id = outbox.batch_id JOIN jobs ON jobs.id = batches.job_id
WHERE outbox.not_before <= now()
ORDER BY outbox.not_before, outbox.batch_id
LIMIT %(limit)s
FOR UPDATE OF outbox SKIP LOCKED

-- name: set_flow_run
UPDATE batches SET flow_run_id = %(flow_run_id)s WHERE id = %(batch_id)s

-- name: delete_outbox
DELETE FROM outbox WHERE batch_id = %(batch_id)s

-- name: notify_flow_runs
SELECT pg_notify('blurline_flow_runs', '')

-- name: postpone_outbox
UPDATE outbox SET tries = tries + 1, last_error = %(error)s, not_before = now() + %(delay_s)s * interval '1 second'
WHERE batch_id = %(batch_id)s
