-- Events of an owner's images, in commit order.

-- name: event_bounds
-- The last event and the last expired one; no row before the first event.
SELECT greatest((SELECT max(sequence) FROM events WHERE owner = %(owner)s), removed) AS head, removed
FROM event_heads WHERE owner = %(owner)s

-- name: events_after
SELECT sequence, type, job_id, image_id, data, created_at FROM events
WHERE owner = %(owner)s AND sequence > %(after)s
ORDER BY sequence
LIMIT %(limit)s

-- name: progress_of_jobs
SELECT images.job_id,
       count(*) AS images,
       count(*) FILTER (WHERE state = 'queued') AS queued,
       count(*) FILTER (WHERE state = 'processing') AS processing,
       count(*) FILTER (WHERE state = 'published') AS published,
       count(*) FILTER (WHERE state = 'needs_review') AS needs_review,
       count(*) FILTER (WHERE state = 'failed') AS failed,
       count(*) FILTER (WHERE state = 'deleted') AS deleted
FROM images JOIN jobs ON jobs.id = images.job_id
WHERE jobs.owner = %(owner)s AND images.job_id = ANY(%(job_ids)s::uuid[])
GROUP BY images.job_id
