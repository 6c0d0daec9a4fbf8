-- Rows for export, page by page in the order of submission. A null parameter does not restrict.

-- name: images_to_export
SELECT images.id::text AS image_id, images.job_id::text AS job_id, jobs.owner, jobs.labels::text AS labels,
       images.position, images.name, images.state, images.error_code, images.faces, images.doubt, images.width_px,
       images.height_px, images.frames, images.original_bytes, images.original_sha256, images.result_bytes,
       images.result_sha256, images.result_media_type,
       coalesce(images.policy, jobs.policy) ->> 'profile' AS profile, images.model ->> 'name' AS model_name,
       images.model ->> 'sha256' AS model_sha256, images.processing_ms, images.created_at, images.started_at,
       images.settled_at, images.finished_at, attempts.blurline_version, images.others_found::text AS others_found,
       images.id AS cursor_id
FROM images JOIN jobs ON jobs.id = images.job_id LEFT JOIN attempts ON attempts.id = images.result_attempt_id
WHERE (images.created_at, images.id) > (%(cursor_at)s, %(cursor_id)s) AND images.created_at < %(until)s
  AND (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)
  AND (%(profile)s::text IS NULL OR coalesce(images.policy, jobs.policy) ->> 'profile' = %(profile)s)
  AND (%(state)s::text IS NULL OR images.state = %(state)s)
  AND (%(labels)s::jsonb IS NULL OR jobs.labels @> %(labels)s)
  AND (%(model_sha256)s::text IS NULL OR images.model ->> 'sha256' = %(model_sha256)s)
  AND (%(made_by_version)s::text IS NULL OR images.made_by_version = %(made_by_version)s)
ORDER BY images.created_at, images.id
LIMIT %(limit)s

-- name: detections_to_export
-- The detections of the current results of these images.
SELECT images.id::text AS image_id, images.job_id::text AS job_id, jobs.owner, images.result_attempt_id::text AS attempt_id,
       frame, x1, y1, x2, y2, score, destroyed, images.width_px, images.height_px,
       coalesce(images.policy, jobs.policy) ->> 'profile' AS profile, images.model ->> 'sha256' AS model_sha256,
       images.created_at, class_name
FROM images JOIN jobs ON jobs.id = images.job_id JOIN detections ON detections.attempt_id = images.result_attempt_id
WHERE images.id = ANY(%(image_ids)s::uuid[])
ORDER BY images.created_at, images.id, ordinal

-- name: reviewed_to_export
-- Images whose last decision approves or corrects their boxes.
SELECT images.id, images.name, CASE WHEN images.original_gone_at IS NULL THEN images.original_key END AS original_key,
       images.original_etag, images.original_sha256, images.source, images.source_key, images.width_px, images.height_px,
       images.frames, images.created_at, images.id AS cursor_id, last.kind, last.created_at AS decided_at, (
           SELECT coalesce(jsonb_agg(jsonb_build_array(class_name, frame, x1, y1, x2, y2)), '[]')
           FROM true_boxes(last.attempt_id, last.added, last.dropped)
       ) AS boxes
FROM images JOIN jobs ON jobs.id = images.job_id
CROSS JOIN LATERAL (
    SELECT * FROM decisions WHERE decisions.image_id = images.id ORDER BY created_at DESC, id DESC LIMIT 1
) AS last
WHERE (images.created_at, images.id) > (%(cursor_at)s, %(cursor_id)s) AND images.created_at < %(until)s
  AND last.kind <> 'rejected' AND images.width_px IS NOT NULL
  AND (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)
  AND (%(profile)s::text IS NULL OR coalesce(images.policy, jobs.policy) ->> 'profile' = %(profile)s)
  AND (%(state)s::text IS NULL OR images.state = %(state)s)
  AND (%(labels)s::jsonb IS NULL OR jobs.labels @> %(labels)s)
  AND (%(model_sha256)s::text IS NULL OR images.model ->> 'sha256' = %(model_sha256)s)
  AND (%(made_by_version)s::text IS NULL OR images.made_by_version = %(made_by_version)s)
ORDER BY images.created_at, images.id
LIMIT %(limit)s

-- name: days_to_export
-- Days before today (UTC) whose images have changed since they were exported.
SELECT day, version FROM changed_days
WHERE day < (now() AT TIME ZONE 'UTC')::date AND version > exported_version ORDER BY day

-- name: note_exported
UPDATE changed_days SET exported_version = %(version)s WHERE day = %(day)s
