-- Retention: what has reached the end of its time. A kept_days of null keeps for ever. A job can ask for a shorter time,
-- never for a longer one. The function can_expire decides which originals and results must stay for now.

-- name: expired_originals
WITH candidates AS NOT MATERIALIZED (
    SELECT id FROM images
    WHERE original_gone_at IS NULL AND original_etag IS NOT NULL AND finished_at < now() - %(kept_days)s::float8 * interval '1 day'
    UNION ALL
    SELECT images.id FROM jobs JOIN images ON images.job_id = jobs.id
    WHERE retention <> '{}' AND original_gone_at IS NULL AND original_etag IS NOT NULL
      AND images.finished_at < now() - (retention ->> 'originals_days')::float8 * interval '1 day'
      AND (images.finished_at < now() - %(kept_days)s::float8 * interval '1 day') IS NOT TRUE
)
SELECT images.id AS image_id, images.job_id FROM candidates JOIN images ON images.id = candidates.id
CROSS JOIN can_expire(
    images.id, images.job_id, images.state, images.open_attempt_id, images.created_at, %(attempt_s)s, %(upload_s)s)
LIMIT %(limit)s FOR UPDATE OF images SKIP LOCKED

-- name: expired_results
WITH candidates AS NOT MATERIALIZED (
    SELECT id FROM images
    WHERE result_gone_at IS NULL AND result_key IS NOT NULL AND finished_at < now() - %(kept_days)s::float8 * interval '1 day'
    UNION ALL
    SELECT images.id FROM jobs JOIN images ON images.job_id = jobs.id
    WHERE retention <> '{}' AND result_gone_at IS NULL AND result_key IS NOT NULL
      AND images.finished_at < now() - (retention ->> 'results_days')::float8 * interval '1 day'
      AND (images.finished_at < now() - %(kept_days)s::float8 * interval '1 day') IS NOT TRUE
)
SELECT images.id AS image_id, images.job_id FROM candidates JOIN images ON images.id = candidates.id
CROSS JOIN can_expire(
    images.id, images.job_id, images.state, images.open_attempt_id, images.created_at, %(attempt_s)s, %(upload_s)s)
LIMIT %(limit)s FOR UPDATE OF images SKIP LOCKED

-- name: share_jobs
-- Prevents new holds on the jobs until this transaction ends.
SELECT id AS job_id, owner, (retention ->> 'audit_days')::float8 AS audit_days FROM jobs
WHERE id = ANY(%(job_ids)s::uuid[]) ORDER BY id FOR KEY SHARE

-- name: mark_originals_expired
-- Not those that another run has marked since they were found.
UPDATE images SET original_gone_at = now(), original_gone_why = 'expired'
WHERE id = ANY(%(image_ids)s::uuid[]) AND original_gone_at IS NULL AND NOT EXISTS (SELECT FROM holds_on(images.job_id, images.id))
RETURNING id AS image_id, job_id

-- name: mark_results_expired
UPDATE images SET result_gone_at = now(), result_gone_why = 'expired'
WHERE id = ANY(%(image_ids)s::uuid[]) AND result_gone_at IS NULL AND NOT EXISTS (SELECT FROM holds_on(images.job_id, images.id))
RETURNING id AS image_id, job_id

-- name: expired_jobs
-- skip: jobs to leave out. The caller locks a job and its images and then asks again, for this job_id alone.
SELECT id AS job_id FROM jobs
WHERE finished_at < now() - least(%(kept_days)s::float8, (retention ->> 'rows_days')::float8) * interval '1 day'
  AND (finished_at < now() - %(kept_days)s::float8 * interval '1 day' OR retention <> '{}')
  AND id <> ALL(%(skip)s::uuid[]) AND (%(job_id)s::uuid IS NULL OR id = %(job_id)s)
  AND NOT EXISTS (SELECT FROM holds_on(jobs.id, NULL))
  AND NOT EXISTS (
      SELECT FROM images LEFT JOIN review_claims ON review_claims.image_id = images.id AND until > now()
      WHERE images.job_id = jobs.id AND (
          open_attempt_id IS NOT NULL OR state IN ('queued', 'processing') OR review_claims.image_id IS NOT NULL
          OR images.finished_at >= now() - least(%(kept_days)s::float8, (retention ->> 'rows_days')::float8) * interval '1 day'))
LIMIT %(limit)s

-- name: lock_images_to_expire
SELECT id AS image_id FROM images WHERE job_id = %(job_id)s ORDER BY id LIMIT %(limit)s FOR UPDATE

-- name: expire_deletions
-- Old records of deletions.
DELETE FROM deletions WHERE id IN (
    SELECT id FROM deletions LEFT JOIN deletion_grounds ON deletion_id = id
    WHERE completed_at < now() - least(%(kept_days)s::float8, audit_days) * interval '1 day'
    ORDER BY completed_at LIMIT %(limit)s
)

-- name: expire_holds
-- Released holds on jobs that no longer exist.
DELETE FROM holds WHERE id IN (
    SELECT id FROM holds
    WHERE released_at < now() - %(kept_days)s::float8 * interval '1 day'
      AND NOT EXISTS (SELECT FROM jobs WHERE jobs.id = holds.job_id)
    LIMIT %(limit)s
)

-- name: expire_owner_holds
DELETE FROM owner_holds WHERE id IN (
    SELECT id FROM owner_holds WHERE released_at < now() - %(kept_days)s::float8 * interval '1 day' LIMIT %(limit)s
)
