-- Re-runs: which images, and what they were made with.

-- name: lock_images_to_rerun
-- Images that have ended and match, oldest first. What a reviewer rejected stays rejected unless a reviewer corrects it.
-- An image whose profile no worker has recorded is not made with another model.
WITH matching AS (
    SELECT images.id, images.original_bytes
    FROM images JOIN jobs ON jobs.id = images.job_id
    WHERE images.open_attempt_id IS NULL
      AND (images.original_gone_at IS NULL) = %(has_original)s
      AND images.state = ANY(%(states)s::text[])
      AND images.error_code IS DISTINCT FROM 'rejected'
      AND (%(submitted_from)s::timestamptz IS NULL OR images.created_at >= %(submitted_from)s)
      AND (%(submitted_until)s::timestamptz IS NULL OR images.created_at < %(submitted_until)s)
      AND (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)
      AND (%(job_id)s::uuid IS NULL OR images.job_id = %(job_id)s)
      AND (NOT %(made_with_another_model)s OR EXISTS (
           SELECT FROM profile_models
           WHERE profile_models.profile = coalesce(images.policy, jobs.policy) ->> 'profile'
             AND profile_models.sha256 IS DISTINCT FROM images.model ->> 'sha256')
           OR EXISTS (
           SELECT FROM jsonb_array_elements(images.model -> 'detectors') AS saw
           JOIN profile_models ON profile_models.profile = 'detector:' || (saw ->> 'detector')
           WHERE profile_models.sha256 IS DISTINCT FROM saw ->> 'sha256')
           OR images.model ? 'regions' AND EXISTS (
           SELECT FROM profile_models
           WHERE profile_models.profile = 'regions'
             AND profile_models.sha256 IS DISTINCT FROM images.model -> 'regions' ->> 'sha256'))
      AND (%(score_below)s::real IS NULL OR EXISTS (
           SELECT FROM detections
           WHERE detections.attempt_id = images.result_attempt_id AND destroyed AND class_name = 'face'
             AND score < %(score_below)s))
    ORDER BY images.id
    LIMIT %(limit)s
    FOR UPDATE OF images SKIP LOCKED
)
SELECT coalesce(array_agg(id ORDER BY id), '{}') AS image_ids, coalesce(sum(original_bytes), 0)::bigint AS size_bytes
FROM matching

-- name: rerun_images
-- What the images were made with, in the order of their ids. The correction is the last one, rendered or not.
SELECT images.id AS image_id, images.job_id, images.name, images.state, images.error_code, images.original_bytes,
       coalesce(images.policy, jobs.policy) AS policy,
       (SELECT max(number) FROM attempts WHERE attempts.image_id = images.id) AS number,
       (SELECT correction FROM attempts
        WHERE attempts.image_id = images.id AND (id = images.result_attempt_id OR correction IS NOT NULL)
        ORDER BY number DESC LIMIT 1) AS correction
FROM images JOIN jobs ON jobs.id = images.job_id
WHERE images.id = ANY(%(image_ids)s::uuid[])
ORDER BY images.id

-- name: insert_rerun_batches
INSERT INTO batches (id, job_id, queue, policy, rerun_id)
SELECT batch_id, job_id, 'backlog', policy::jsonb, %(rerun_id)s
FROM unnest(%(batch_ids)s::uuid[], %(job_ids)s::uuid[], %(policies)s::text[]) AS given (batch_id, job_id, policy)

-- name: record_models
-- Also of the detectors of BLURLINE_DETECTORS, as `detector:` and its name, and of regions that int8 may see.
INSERT INTO profile_models (profile, sha256)
SELECT profile, sha256 FROM unnest(%(profiles)s::text[], %(sha256s)s::text[]) AS given (profile, sha256)
ON CONFLICT (profile) DO UPDATE SET sha256 = EXCLUDED.sha256, recorded_at = now()

-- name: recorded_models
SELECT FROM profile_models LIMIT 1

-- name: open_attempts
-- Of a re-run or of a job: the other id is null and matches nothing. A correction only for an operator: without it, the
-- image's result lacks what a reviewer marked. A limit, because a statement over a whole backlog would take minutes.
SELECT attempts.id AS attempt_id, batches.id AS batch_id
FROM batches
JOIN attempts ON attempts.batch_id = batches.id
JOIN images ON images.open_attempt_id = attempts.id
WHERE (batches.rerun_id = %(rerun_id)s OR batches.job_id = %(job_id)s)
  AND (%(with_corrections)s OR NOT lacks_marks(images.state, attempts.id))
ORDER BY batches.id
LIMIT %(limit)s

-- name: rerun
SELECT FROM batches WHERE rerun_id = %(rerun_id)s LIMIT 1

-- name: batches_of_job
SELECT id AS batch_id FROM batches WHERE job_id = %(job_id)s

-- name: drop_outbox
DELETE FROM outbox WHERE batch_id = ANY(%(batch_ids)s::uuid[])
