-- Removing the objects of deleted images, a second time where one may still arrive, and of deleted originals and results.

-- name: claim_deleted_images
SELECT deletion_id, image_id, original_key FROM deleted_images
WHERE not_before <= now() AND NOT EXISTS (
    SELECT FROM removal_failures AS failed
    WHERE failed.deletion_id = deleted_images.deletion_id AND failed.image_id = deleted_images.image_id
      AND failed.not_before > now())
ORDER BY not_before, image_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED

-- name: finish_removal
WITH again AS (
    UPDATE deleted_images SET not_before = again_at, again_at = NULL
    WHERE deletion_id = %(deletion_id)s AND image_id = ANY(%(image_ids)s::uuid[]) AND again_at IS NOT NULL
), removed AS (
    DELETE FROM deleted_images
    WHERE deletion_id = %(deletion_id)s AND image_id = ANY(%(image_ids)s::uuid[]) AND again_at IS NULL
    RETURNING image_id
)
UPDATE erasures SET confirmed_at = now() FROM removed
WHERE erasures.deletion_id = %(deletion_id)s AND erasures.image_id = removed.image_id

-- name: claim_deleted_parts
SELECT erasures.deletion_id, image_id, original_key, result_key FROM erasures
JOIN deletion_grounds ON deletion_grounds.deletion_id = erasures.deletion_id AND parts <> 'all'
WHERE confirmed_at IS NULL AND NOT EXISTS (
    SELECT FROM removal_failures AS failed
    WHERE failed.deletion_id = erasures.deletion_id AND failed.image_id = erasures.image_id
      AND failed.not_before > now())
ORDER BY image_id LIMIT %(limit)s FOR UPDATE OF erasures SKIP LOCKED

-- name: confirm_removal_of_parts
UPDATE erasures SET confirmed_at = now() WHERE deletion_id = %(deletion_id)s AND image_id = ANY(%(image_ids)s::uuid[])

-- name: postpone_removals
-- Each failure of a row doubles its pause, up to the longest.
INSERT INTO removal_failures (deletion_id, image_id, tries, not_before, last_error)
SELECT %(deletion_id)s, image_id, 1, now() + %(pause_s)s * interval '1 second', error
FROM unnest(%(image_ids)s::uuid[], %(errors)s::text[]) AS given (image_id, error)
ON CONFLICT (deletion_id, image_id) DO UPDATE SET
    tries = removal_failures.tries + 1, last_error = excluded.last_error, failed_at = now(),
    not_before = now() + least(%(pause_s)s * 2.0 ^ least(removal_failures.tries, 20), %(longest_pause_s)s) * interval '1 second'

-- name: forget_failures
DELETE FROM removal_failures WHERE deletion_id = %(deletion_id)s AND image_id = ANY(%(image_ids)s::uuid[])

-- name: count_failing_removals
SELECT count(*) AS images, coalesce(extract(epoch FROM now() - min(deletions.created_at)), 0)::float8 AS oldest_age_s
FROM removal_failures JOIN deletions ON deletions.id = deletion_id

-- name: last_removal_failure
SELECT count(*) OVER () AS images, last_error FROM removal_failures ORDER BY failed_at DESC LIMIT 1

-- name: lock_deletion
-- The next statement then sees what a concurrent transaction has removed.
SELECT FROM deletions WHERE id = %(deletion_id)s FOR UPDATE

-- name: complete_deletion
UPDATE deletions SET
    objects_removed = objects_removed + %(removed)s,
    completed_at = CASE WHEN NOT EXISTS (
        SELECT FROM deleted_images WHERE deletion_id = %(deletion_id)s
        UNION ALL
        SELECT FROM erasures JOIN deletion_grounds USING (deletion_id)
        WHERE deletion_id = %(deletion_id)s AND parts <> 'all' AND confirmed_at IS NULL
    ) THEN now() END
WHERE id = %(deletion_id)s
