-- Queries of jobs and images. An owner of null means every owner.

-- name: jobs
SELECT jobs.id, jobs.owner, jobs.policy, jobs.preset, jobs.labels, jobs.retention, jobs.created_at, jobs.finished_at, counts.*,
       first.id AS first_image_id, first.name AS first_image_name
FROM jobs CROSS JOIN LATERAL (
    SELECT count(*) AS images,
           count(*) FILTER (WHERE state = 'queued') AS queued,
           count(*) FILTER (WHERE state = 'processing') AS processing,
           count(*) FILTER (WHERE state = 'published') AS published,
           count(*) FILTER (WHERE state = 'needs_review') AS needs_review,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE state = 'deleted') AS deleted
    FROM images WHERE images.job_id = jobs.id
) AS counts
LEFT JOIN LATERAL (SELECT id, name FROM images WHERE job_id = jobs.id ORDER BY position LIMIT 1) AS first ON true
WHERE (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)
  AND (%(job_id)s::uuid IS NULL OR jobs.id = %(job_id)s)
  AND (%(labels)s::jsonb IS NULL OR jobs.labels @> %(labels)s)
  AND (%(since)s::timestamptz IS NULL OR jobs.created_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR jobs.created_at < %(until)s)
  AND CASE %(state)s::text
        WHEN 'finished' THEN NOT EXISTS (
            SELECT FROM images WHERE job_id = jobs.id AND images.state IN ('queued', 'processing'))
        WHEN 'queued' THEN counts.images > 0 AND counts.queued = counts.images
        WHEN 'processing' THEN EXISTS (
            SELECT FROM images WHERE job_id = jobs.id AND images.state IN ('queued', 'processing'))
            AND counts.queued < counts.images
        ELSE true END
  AND (%(cursor)s::uuid IS NULL OR jobs.id {beyond} %(cursor)s)
ORDER BY jobs.id {direction}
LIMIT %(limit)s

-- name: images_of_job
SELECT images.*, jobs.owner, attempts.blurline_version FROM images JOIN jobs ON jobs.id = images.job_id
LEFT JOIN attempts ON attempts.id = images.result_attempt_id
WHERE images.job_id = %(job_id)s AND (%(cursor)s::integer IS NULL OR images.position {beyond} %(cursor)s)
  AND (%(state)s::text IS NULL OR images.state = %(state)s)
ORDER BY images.position {direction}
LIMIT %(limit)s

-- name: image
SELECT images.*, jobs.owner, attempts.blurline_version FROM images JOIN jobs ON jobs.id = images.job_id
LEFT JOIN attempts ON attempts.id = images.result_attempt_id
WHERE images.id = %(image_id)s AND (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)

-- name: flow_run_of_image
-- The flow run of its last attempt; null until that is dispatched.
SELECT batches.flow_run_id FROM attempts JOIN batches ON batches.id = attempts.batch_id
WHERE attempts.image_id = %(image_id)s
ORDER BY attempts.number DESC LIMIT 1

-- name: detections
SELECT frame, x1, y1, x2, y2, score, destroyed, class_name FROM detections
WHERE attempt_id = %(attempt_id)s ORDER BY ordinal

-- name: findings
SELECT coalesce(findings, '[]') AS findings FROM attempts WHERE id = %(attempt_id)s

-- name: ping
SELECT 1 AS one

-- name: database_version
SELECT current_setting('server_version') AS version

-- name: statistics
-- Whole hours come from the tallies, the rest at both ends from the images.
WITH hours AS (
    SELECT least(date_trunc('hour', %(since)s::timestamptz + interval '1 hour' - interval '1 microsecond', 'UTC'),
                 %(until)s) AS first,
           date_trunc('hour', %(until)s::timestamptz, 'UTC') AS last
), edges AS (
    SELECT first, greatest(first, last) AS last FROM hours
), counted AS (
    SELECT state, nullif(error_code, '') AS error_code, images, faces, treated, processing_us
    FROM edges, LATERAL tallies_of('submitted', edges.first, edges.last, %(owner)s, NULL, NULL, NULL)
    UNION ALL
    SELECT state, error_code, count(*), coalesce(sum(faces), 0), count(processing_ms),
           coalesce(sum((processing_ms * 1e3)::bigint), 0)
    FROM images JOIN jobs ON jobs.id = images.job_id
    WHERE (images.created_at >= %(since)s AND images.created_at < (SELECT first FROM edges)
           OR images.created_at >= (SELECT last FROM edges) AND images.created_at < %(until)s)
      AND (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)
    GROUP BY state, error_code
)
SELECT state, error_code, sum(images)::bigint AS images, sum(faces)::bigint AS faces,
       coalesce(sum(processing_us) / nullif(sum(treated), 0) / 1e3, 0)::float8 AS mean_processing_ms
FROM counted
GROUP BY state, error_code HAVING sum(images) <> 0
ORDER BY state, error_code
