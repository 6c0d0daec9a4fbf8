-- Deleting jobs and images, and ridding the store of them. An owner of null means every owner.

-- name: job_of_owner
SELECT id FROM jobs WHERE id = %(job_id)s AND (%(owner)s::text IS NULL OR owner = %(owner)s)

-- name: drop_outbox_of_job
DELETE FROM outbox USING batches WHERE batches.id = outbox.batch_id AND batches.job_id = %(job_id)s

-- name: lock_images_of_job
SELECT FROM images WHERE job_id = %(job_id)s ORDER BY id FOR UPDATE

-- name: lock_job
SELECT owner FROM jobs WHERE id = %(job_id)s FOR UPDATE

-- name: lock_image
SELECT jobs.owner, images.job_id FROM images JOIN jobs ON jobs.id = images.job_id
WHERE images.id = %(image_id)s AND (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)
FOR UPDATE OF images

-- name: flow_runs_at_work
SELECT DISTINCT batches.flow_run_id FROM batches
JOIN attempts ON attempts.batch_id = batches.id
JOIN images ON images.open_attempt_id = attempts.id
WHERE batches.job_id = %(job_id)s AND attempts.started_at IS NOT NULL AND batches.flow_run_id IS NOT NULL

-- name: insert_deletion
INSERT INTO deletions (id, owner, job_id, image_id, requested_by, images)
SELECT %(id)s, %(owner)s, %(job_id)s, %(image_id)s, %(requested_by)s, count(*)
FROM images WHERE job_id = %(job_id)s AND (%(image_id)s::uuid IS NULL OR id = %(image_id)s)
RETURNING *

-- name: doom_images
-- An image is visited a second time where something of it may still be stored: when no attempt that has begun and not
-- ended by itself can be at work any more, and when the form with which its original was uploaded has expired.
INSERT INTO deleted_images (deletion_id, image_id, original_key, again_at)
SELECT %(deletion_id)s, images.id, images.original_key, greatest(
       CASE WHEN EXISTS (
           SELECT FROM attempts
           WHERE attempts.image_id = images.id AND started_at > now() - %(attempt_s)s * interval '1 second'
             AND (outcome IS NULL OR outcome IN ('retried', 'given_up'))
       ) THEN now() + %(attempt_s)s * interval '1 second' END,
       CASE WHEN images.original_key NOT LIKE '%%/direct/%%' AND images.created_at > now() - %(upload_s)s * interval '1 second'
            THEN images.created_at + %(upload_s)s * interval '1 second' END)
FROM images WHERE images.job_id = %(job_id)s AND (%(image_id)s::uuid IS NULL OR images.id = %(image_id)s)

-- name: delete_job
DELETE FROM jobs WHERE id = %(job_id)s

-- name: delete_image
DELETE FROM images WHERE id = %(image_id)s

-- name: tell_of_deletion
SELECT add_event(%(owner)s, %(type)s, %(job_id)s, %(image_id)s, '{}')

-- name: notify_deletions
SELECT pg_notify('blurline_deletions', '')

-- name: deletion
SELECT * FROM deletions WHERE id = %(deletion_id)s AND (%(owner)s::text IS NULL OR owner = %(owner)s)

-- name: claim_deleted_images
SELECT deletion_id, image_id, original_key FROM deleted_images
WHERE not_before <= now() ORDER BY not_before, image_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED

-- name: settle_deleted_images
WITH again AS (
    UPDATE deleted_images SET not_before = again_at, again_at = NULL
    WHERE deletion_id = %(deletion_id)s AND image_id = ANY(%(image_ids)s::uuid[]) AND again_at IS NOT NULL
)
DELETE FROM deleted_images
WHERE deletion_id = %(deletion_id)s AND image_id = ANY(%(image_ids)s::uuid[]) AND again_at IS NULL

-- name: complete_deletion
UPDATE deletions SET
    objects_removed = objects_removed + %(removed)s,
    completed_at = CASE WHEN NOT EXISTS (SELECT FROM deleted_images WHERE deletion_id = %(deletion_id)s) THEN now() END
WHERE id = %(deletion_id)s
