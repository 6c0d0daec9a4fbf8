-- What the API shows. An owner of null means every owner.

-- name: jobs
SELECT jobs.id, jobs.owner, jobs.policy, jobs.created_at, counts.*
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
WHERE (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)
  AND (%(job_id)s::uuid IS NULL OR jobs.id = %(job_id)s)
  AND (%(before)s::uuid IS NULL OR jobs.id < %(before)s)
ORDER BY jobs.id DESC
LIMIT %(limit)s

-- name: images_of_job
SELECT images.*, jobs.owner FROM images JOIN jobs ON jobs.id = images.job_id
WHERE images.job_id = %(job_id)s AND images.position > %(after)s
ORDER BY images.position
LIMIT %(limit)s

-- name: images_of_owner
SELECT images.*, jobs.owner FROM images JOIN jobs ON jobs.id = images.job_id
WHERE jobs.owner = %(owner)s AND (%(before)s::uuid IS NULL OR images.id < %(before)s)
ORDER BY images.id DESC
LIMIT %(limit)s

-- name: image
SELECT images.*, jobs.owner FROM images JOIN jobs ON jobs.id = images.job_id
WHERE images.id = %(image_id)s AND (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)

-- name: detections
SELECT frame, x1, y1, x2, y2, score, destroyed FROM detections
WHERE attempt_id = %(attempt_id)s ORDER BY ordinal

-- name: ping
SELECT 1 AS one

-- name: statistics
SELECT images.state, images.error_code, count(*) AS images, coalesce(sum(images.faces), 0) AS faces,
       coalesce(avg(images.processing_ms), 0) AS mean_processing_ms
FROM images
WHERE images.created_at >= %(since)s AND images.created_at < %(until)s
  AND (%(owner)s::text IS NULL OR images.job_id IN (SELECT id FROM jobs WHERE owner = %(owner)s))
GROUP BY images.state, images.error_code
ORDER BY images.state, images.error_code
