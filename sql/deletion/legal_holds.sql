-- Legal holds: what cannot be deleted, who decided it and why.

-- name: hold_in_force
-- A hold on the owner, on the job, on the image, or (image_id is null) on any image of the job.
SELECT image_id, owner FROM holds_on(%(job_id)s, %(image_id)s) LIMIT 1

-- name: share_owners
-- Prevents new holds on the owners of the jobs until this transaction ends. lock_owner conflicts with it.
SELECT pg_advisory_xact_lock_shared(hashtextextended('hold on ' || owner, 0))
FROM (SELECT DISTINCT owner FROM jobs WHERE id = ANY(%(job_ids)s::uuid[])) AS owners

-- name: lock_owner
SELECT pg_advisory_xact_lock(hashtextextended('hold on ' || %(owner)s, 0))

-- name: release_owner_hold
UPDATE owner_holds SET released_by = %(released_by)s, released_at = now()
WHERE owner = %(owner)s AND released_at IS NULL
RETURNING id, NULL::uuid AS job_id, NULL::uuid AS image_id, owner, reason, placed_by, placed_at, released_by, released_at

-- name: insert_owner_hold
INSERT INTO owner_holds (id, owner, reason, placed_by)
VALUES (%(id)s, %(owner)s, %(reason)s, %(placed_by)s)
RETURNING id, NULL::uuid AS job_id, NULL::uuid AS image_id, owner, reason, placed_by, placed_at, released_by, released_at

-- name: holds_of_owner
SELECT id, NULL::uuid AS job_id, NULL::uuid AS image_id, owner, reason, placed_by, placed_at, released_by, released_at
FROM owner_holds WHERE owner = %(owner)s ORDER BY placed_at, id

-- name: release_hold
UPDATE holds SET released_by = %(released_by)s, released_at = now()
WHERE coalesce(image_id, job_id) = %(subject_id)s AND released_at IS NULL
RETURNING id, job_id, image_id, NULL::text AS owner, reason, placed_by, placed_at, released_by, released_at

-- name: insert_hold
INSERT INTO holds (id, job_id, image_id, reason, placed_by)
VALUES (%(id)s, %(job_id)s, %(image_id)s, %(reason)s, %(placed_by)s)
RETURNING id, job_id, image_id, NULL::text AS owner, reason, placed_by, placed_at, released_by, released_at

-- name: holds_of_job
-- Also those on the job's owner, as holds on this job.
SELECT id, job_id, image_id, NULL::text AS owner, reason, placed_by, placed_at, released_by, released_at
FROM holds WHERE job_id = %(job_id)s
UNION ALL
SELECT owner_holds.id, jobs.id, NULL, owner_holds.owner, reason, placed_by, placed_at, released_by, released_at
FROM jobs JOIN owner_holds ON owner_holds.owner = jobs.owner WHERE jobs.id = %(job_id)s
ORDER BY placed_at, id

-- name: count_holds
SELECT (SELECT count(*) FROM holds WHERE released_at IS NULL)
    + (SELECT count(*) FROM owner_holds WHERE released_at IS NULL) AS holds

-- name: replaceable_originals
-- Originals of the owner, of the job, or of this one image, that an upload form may still replace.
SELECT original_key AS key, original_etag AS etag, original_sha256 AS sha256 FROM images
WHERE (job_id = %(job_id)s OR job_id IN (SELECT id FROM jobs WHERE owner = %(owner)s))
  AND (%(image_id)s::uuid IS NULL OR id = %(image_id)s)
  AND original_key NOT LIKE '%%/direct/%%' AND original_etag IS NOT NULL AND original_gone_at IS NULL
  AND images.created_at > now() - %(upload_s)s * interval '1 second'
