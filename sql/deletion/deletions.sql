-- Deleting jobs and images, and scheduling the removal of their objects. An owner of null means every owner.

-- name: job_of_owner
SELECT id FROM jobs WHERE id = %(job_id)s AND (%(owner)s::text IS NULL OR owner = %(owner)s)

-- name: drop_outbox_of_job
DELETE FROM outbox USING batches WHERE batches.id = outbox.batch_id AND batches.job_id = %(job_id)s

-- name: lock_images_of_job
SELECT id FROM images WHERE job_id = %(job_id)s ORDER BY id FOR UPDATE

-- name: lock_job
SELECT owner, (retention ->> 'audit_days')::float8 AS audit_days FROM jobs WHERE id = %(job_id)s FOR UPDATE

-- name: share_job
-- Prevents a new hold on the job until this transaction ends.
SELECT (retention ->> 'audit_days')::float8 AS audit_days FROM jobs WHERE id = %(job_id)s FOR KEY SHARE

-- name: lock_image
SELECT jobs.owner, images.job_id FROM images JOIN jobs ON jobs.id = images.job_id
WHERE images.id = %(image_id)s AND (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)
FOR UPDATE OF images

-- name: open_batches_of_job
SELECT DISTINCT batches.id AS batch_id FROM batches
JOIN attempts ON attempts.batch_id = batches.id
JOIN images ON images.open_attempt_id = attempts.id
WHERE batches.job_id = %(job_id)s

-- name: open_batch_of_image
SELECT attempts.batch_id FROM images JOIN attempts ON attempts.id = images.open_attempt_id
WHERE images.id = %(image_id)s

-- name: insert_deletion
WITH grounds AS (
    INSERT INTO deletion_grounds (deletion_id, parts, reason, audit_days)
    VALUES (%(id)s, %(parts)s, %(reason)s, %(audit_days)s)
)
INSERT INTO deletions (id, owner, job_id, image_id, requested_by, images)
VALUES (%(id)s, %(owner)s, %(job_id)s, %(image_id)s, %(requested_by)s, %(images)s)

-- name: insert_image_records
-- The record that stays of each image that is deleted as a whole or in part.
INSERT INTO erasures (deletion_id, image_id, original_key, result_key, record)
SELECT %(deletion_id)s, images.id,
       CASE WHEN %(parts)s IN ('all', 'originals') THEN images.original_key END,
       CASE WHEN %(parts)s IN ('all', 'results') THEN images.result_key END,
       jsonb_build_object(
           'original_sha256', images.original_sha256, 'original_bytes', images.original_bytes,
           'result_sha256', images.result_sha256, 'result_bytes', images.result_bytes,
           'state', images.state, 'error_code', images.error_code, 'source', images.source,
           'policy', coalesce(images.policy, jobs.policy), 'model', images.model,
           'boxes_destroyed', (SELECT sum(count) FROM unnest(images.face_scores) AS bins (count)),
           'boxes_left', (SELECT sum(count) FROM unnest(images.candidate_scores) AS bins (count)),
           'decisions', (
               SELECT coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'reviewer', reviewer, 'decided_at', created_at)
                                         ORDER BY created_at, id), '[]')
               FROM decisions WHERE decisions.image_id = images.id),
           'submitted_at', images.created_at, 'finished_at', images.finished_at)
FROM images JOIN jobs ON jobs.id = images.job_id WHERE images.id = ANY(%(image_ids)s::uuid[])

-- name: schedule_object_removal
-- again_at: when to remove objects a second time, because one may still arrive. That is when no attempt that started and
-- did not end by itself can be running any more, and when the form that uploaded the original has expired.
INSERT INTO deleted_images (deletion_id, image_id, original_key, again_at)
SELECT %(deletion_id)s, images.id, images.original_key, greatest(
       CASE WHEN EXISTS (
           SELECT FROM attempts
           WHERE attempts.image_id = images.id AND started_at > now() - %(attempt_s)s * interval '1 second'
             AND (outcome IS NULL OR outcome IN ('retried', 'given_up'))
       ) THEN now() + %(attempt_s)s * interval '1 second' END,
       CASE WHEN images.original_key NOT LIKE '%%/direct/%%' AND images.created_at > now() - %(upload_s)s * interval '1 second'
            THEN images.created_at + %(upload_s)s * interval '1 second' END)
FROM images WHERE images.id = ANY(%(image_ids)s::uuid[])

-- name: delete_job
DELETE FROM jobs WHERE id = %(job_id)s

-- name: delete_images
DELETE FROM images WHERE id = ANY(%(image_ids)s::uuid[])

-- name: add_deletion_event
SELECT add_event(%(owner)s, %(type)s, %(job_id)s, %(image_id)s, '{}')

-- name: notify_deletions
SELECT pg_notify('blurline_deletions', '')

-- name: deletion
-- A deletion that release 0.1.0 made has no grounds.
SELECT deletions.id, owner, job_id, image_id, requested_by, images, objects_removed, created_at, completed_at,
       coalesce(parts, 'all') AS parts, coalesce(reason, 'requested') AS reason
FROM deletions LEFT JOIN deletion_grounds ON deletion_id = deletions.id
WHERE deletions.id = %(deletion_id)s AND (%(owner)s::text IS NULL OR owner = %(owner)s)

-- name: image_records
SELECT image_id, original_key, result_key, record, confirmed_at FROM erasures
WHERE deletion_id = %(deletion_id)s ORDER BY image_id
