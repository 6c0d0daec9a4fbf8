-- Imports. The flow run that lists a source holds a lease on its import; one whose lease has ended changes nothing.

-- name: insert_import
INSERT INTO imports (id, name, source, owner, destination, request, policy, started_by)
VALUES (%(id)s, %(name)s, %(source)s, %(owner)s, %(destination)s, %(request)s, %(policy)s, %(started_by)s)
ON CONFLICT (name) DO NOTHING
RETURNING id

-- name: lock_import_of_name
SELECT * FROM imports WHERE name = %(name)s FOR UPDATE

-- name: restart_import
-- A new pass over the source, from its beginning. The flow run of an earlier pass loses its lease.
UPDATE imports SET request = %(request)s, policy = %(policy)s, started_by = %(started_by)s, state = 'running',
    message = NULL, cursor_key = NULL, listed = 0, matched = 0, known = 0, lease_id = NULL, leased_until = NULL,
    not_before = now(), updated_at = now(), finished_at = NULL
WHERE id = %(id)s

-- name: imports
SELECT * FROM imports WHERE %(id)s::uuid IS NULL OR id = %(id)s ORDER BY id DESC

-- name: change_import_state
-- The flow run that lists it stops at its next step.
UPDATE imports SET state = %(state)s, message = NULL, lease_id = NULL, leased_until = NULL, not_before = now(),
    updated_at = now(), finished_at = CASE WHEN %(state)s = 'cancelled' THEN now() END
WHERE id = %(id)s AND state = ANY(%(from_states)s::text[])
RETURNING id

-- name: due_imports
-- Running ones that no flow run lists.
SELECT id FROM imports
WHERE state = 'running' AND not_before <= now() AND (leased_until IS NULL OR leased_until < now())
ORDER BY not_before
FOR UPDATE SKIP LOCKED

-- name: expect_import
-- A flow run was created for it, which takes the lease when it starts.
UPDATE imports SET not_before = now() + %(patience_s)s * interval '1 second' WHERE id = %(id)s

-- name: lease_import
UPDATE imports SET lease_id = %(lease_id)s, leased_until = now() + %(lease_s)s * interval '1 second', message = NULL
WHERE id = %(id)s AND state = 'running' AND (leased_until IS NULL OR leased_until < now())
RETURNING *

-- name: lock_leased_import
-- The import, if the lease still holds. Extends it.
UPDATE imports SET leased_until = now() + %(lease_s)s * interval '1 second'
WHERE id = %(id)s AND lease_id = %(lease_id)s AND state = 'running'
RETURNING *

-- name: count_open_images
-- Unfinished images of an import, counted up to a limit.
SELECT count(*) AS images FROM (
    SELECT FROM import_jobs JOIN images ON images.job_id = import_jobs.job_id
    WHERE import_id = %(id)s AND images.state IN ('queued', 'processing')
    LIMIT %(limit)s
) AS open

-- name: take_objects
-- Those that the import has not taken before.
INSERT INTO imported_objects (import_id, object_hash, image_id)
SELECT %(id)s, object_hash, image_id
FROM unnest(%(hashes)s::bytea[], %(image_ids)s::uuid[]) AS given (object_hash, image_id)
ORDER BY object_hash
ON CONFLICT DO NOTHING
RETURNING image_id

-- name: known_objects
SELECT imported_objects.object_hash FROM imports JOIN imported_objects ON import_id = imports.id
WHERE imports.name = %(name)s AND imported_objects.object_hash = ANY(%(hashes)s::bytea[])

-- name: insert_import_job
INSERT INTO import_jobs (import_id, job_id) VALUES (%(id)s, %(job_id)s)

-- name: advance_import
UPDATE imports SET cursor_key = %(cursor_key)s, listed = listed + %(listed)s, matched = matched + %(matched)s,
    known = known + %(known)s, imported = imported + %(imported)s,
    imported_bytes = imported_bytes + %(imported_bytes)s, updated_at = now()
WHERE id = %(id)s

-- name: complete_import
UPDATE imports SET state = 'completed', message = NULL, lease_id = NULL, leased_until = NULL, updated_at = now(),
    finished_at = now()
WHERE id = %(id)s AND lease_id = %(lease_id)s AND state = 'running'

-- name: postpone_import
-- Gives the lease back. The reconciler starts a flow run when the delay is over.
UPDATE imports SET message = %(message)s, lease_id = NULL, leased_until = NULL, updated_at = now(),
    not_before = now() + %(delay_s)s * interval '1 second'
WHERE id = %(id)s AND lease_id = %(lease_id)s AND state = 'running'

-- name: count_images_of_import
SELECT images.state, count(*) AS images FROM import_jobs JOIN images ON images.job_id = import_jobs.job_id
WHERE import_id = %(id)s GROUP BY images.state

-- name: unfinished_jobs_of_import
SELECT job_id FROM import_jobs
WHERE import_id = %(id)s AND EXISTS (
    SELECT FROM images WHERE images.job_id = import_jobs.job_id AND images.state IN ('queued', 'processing'))
ORDER BY job_id

-- name: import_report
SELECT images.source_key, images.original_etag AS etag, images.original_bytes AS size_bytes, images.id::text AS image_id,
       images.job_id::text AS job_id, images.state, images.error_code, images.error_message, images.faces,
       images.original_sha256, images.result_sha256, destination_results.destination,
       destination_results.written_path AS destination_path, images.created_at, images.finished_at, images.position
FROM import_jobs JOIN images ON images.job_id = import_jobs.job_id
LEFT JOIN destination_results ON destination_results.image_id = images.id
WHERE import_id = %(id)s AND (import_jobs.job_id, images.position) > (%(cursor_job)s, %(cursor_position)s)
ORDER BY import_jobs.job_id, images.position
LIMIT %(limit)s
