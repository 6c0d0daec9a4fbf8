-- Flow runs to cancel. A batch is empty when none of its attempts is the open one of its image.

-- name: request_cancellation
INSERT INTO flow_run_cancellations (batch_id, flow_run_id, message)
SELECT id, flow_run_id, %(message)s FROM batches WHERE id = ANY(%(batch_ids)s::uuid[])

-- name: claim_cancellations
SELECT id, batch_id, tries FROM flow_run_cancellations
WHERE not_before <= now()
ORDER BY id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED

-- name: drop_outbox_of_empty_batches
DELETE FROM outbox WHERE batch_id = ANY(%(batch_ids)s::uuid[]) AND NOT EXISTS (
    SELECT FROM attempts JOIN images ON images.open_attempt_id = attempts.id WHERE attempts.batch_id = outbox.batch_id)

-- name: flow_runs_to_cancel
-- Those of empty batches. The batch of a deleted job is gone.
SELECT DISTINCT coalesce(batches.flow_run_id, asked.flow_run_id) AS flow_run_id, asked.message
FROM flow_run_cancellations AS asked LEFT JOIN batches ON batches.id = asked.batch_id
WHERE asked.id = ANY(%(ids)s::bigint[]) AND coalesce(batches.flow_run_id, asked.flow_run_id) IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM attempts JOIN images ON images.open_attempt_id = attempts.id WHERE attempts.batch_id = asked.batch_id)
ORDER BY message, flow_run_id

-- name: delete_cancellations
DELETE FROM flow_run_cancellations WHERE id = ANY(%(ids)s::bigint[])

-- name: postpone_cancellations
UPDATE flow_run_cancellations SET tries = tries + 1, not_before = now() + %(delay_s)s * interval '1 second'
WHERE id = ANY(%(ids)s::bigint[])

-- name: batches_with_work
-- Of these batches, those with an open attempt or in the outbox.
SELECT id AS batch_id FROM unnest(%(batch_ids)s::uuid[]) AS given (id)
WHERE EXISTS (SELECT FROM outbox WHERE outbox.batch_id = given.id)
   OR EXISTS (SELECT FROM attempts JOIN images ON images.open_attempt_id = attempts.id WHERE attempts.batch_id = given.id)
