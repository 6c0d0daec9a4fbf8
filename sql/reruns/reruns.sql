-- Re-runs: which images, and what they were made with.

-- name: images_to_rerun
-- Settled images that match, oldest first. What a reviewer has rejected stays so, unless one corrects it. current_models maps a profile to the sha256 of its present model.
SELECT images.id AS image_id, images.job_id, images.name, images.state, images.original_bytes,
       coalesce(images.policy, jobs.policy) AS policy,
       (SELECT max(number) FROM attempts WHERE attempts.image_id = images.id) AS number,
       (SELECT correction FROM attempts WHERE attempts.id = images.result_attempt_id) AS correction
FROM images JOIN jobs ON jobs.id = images.job_id
WHERE images.open_attempt_id IS NULL
  AND (images.original_gone_at IS NULL) = %(has_original)s
  AND images.state = ANY(%(states)s::text[])
  AND images.error_code IS DISTINCT FROM 'rejected'
  AND (%(submitted_from)s::timestamptz IS NULL OR images.created_at >= %(submitted_from)s)
  AND (%(submitted_until)s::timestamptz IS NULL OR images.created_at < %(submitted_until)s)
  AND (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)
  AND (%(job_id)s::uuid IS NULL OR images.job_id = %(job_id)s)
  AND (NOT %(made_with_another_model)s OR images.model ->> 'sha256' IS DISTINCT FROM
       %(current_models)s::jsonb ->> (coalesce(images.policy, jobs.policy) ->> 'profile'))
  AND (%(score_below)s::real IS NULL OR EXISTS (
       SELECT FROM detections
       WHERE detections.attempt_id = images.result_attempt_id AND destroyed AND score < %(score_below)s))
ORDER BY images.id
LIMIT %(limit)s
FOR UPDATE OF images SKIP LOCKED

-- name: open_attempts
-- Of a re-run or of a job: the other id is null and matches nothing. flow_run_id only where a worker has begun; a run
-- that has not will find nothing to do.
SELECT attempts.id AS attempt_id, batches.id AS batch_id,
       CASE WHEN attempts.started_at IS NOT NULL THEN batches.flow_run_id END AS flow_run_id
FROM batches
JOIN attempts ON attempts.batch_id = batches.id
JOIN images ON images.open_attempt_id = attempts.id
WHERE batches.rerun_id = %(rerun_id)s OR batches.job_id = %(job_id)s

-- name: rerun
SELECT FROM batches WHERE rerun_id = %(rerun_id)s LIMIT 1

-- name: batches_of_job
SELECT id AS batch_id FROM batches WHERE job_id = %(job_id)s

-- name: drop_outbox
DELETE FROM outbox WHERE batch_id = ANY(%(batch_ids)s::uuid[])
