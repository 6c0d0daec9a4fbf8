-- The life of an attempt. An image's open_attempt_id names the only attempt that may change it.

-- name: batch
SELECT id, job_id, queue, policy FROM batches WHERE id = %(batch_id)s

-- name: start_attempts
-- The open attempts of a batch. Marks them and their images as processing.
WITH started AS (
    UPDATE attempts SET started_at = now(), started_by = current_setting('application_name')
    FROM images
    WHERE attempts.batch_id = %(batch_id)s AND attempts.outcome IS NULL AND images.open_attempt_id = attempts.id
    RETURNING attempts.id, attempts.image_id, attempts.number, attempts.correction
), underway AS (
    UPDATE images SET state = 'processing'
    FROM started WHERE images.id = started.image_id AND images.state = 'queued'
)
SELECT started.id AS attempt_id, started.image_id, started.number,
       images.name, images.original_key, images.original_etag, images.original_bytes, images.original_sha256,
       images.source_url, images.source, images.source_key, started.correction
FROM started JOIN images ON images.id = started.image_id
ORDER BY images.position

-- name: lock_image_of_attempt
SELECT jobs.owner FROM images JOIN jobs ON jobs.id = images.job_id
WHERE images.id = %(image_id)s AND images.open_attempt_id = %(attempt_id)s
FOR NO KEY UPDATE OF images

-- name: set_original
UPDATE images SET original_etag = %(etag)s, original_bytes = %(bytes)s WHERE id = %(image_id)s

-- name: publish_image
-- The compare-and-set: returns no row when another attempt has replaced this one.
UPDATE images SET
    state = %(state)s, open_attempt_id = NULL, error_code = %(error_code)s, error_message = %(error_message)s,
    doubt = %(doubt)s, doubt_reasons = %(doubt_reasons)s, notes = %(notes)s, frames = %(frames)s,
    result_attempt_id = %(attempt_id)s, result_key = %(result_key)s, result_media_type = %(media_type)s,
    result_bytes = %(result_bytes)s, result_sha256 = %(result_sha256)s, original_sha256 = %(original_sha256)s,
    width_px = %(width_px)s, height_px = %(height_px)s, faces = %(faces)s,
    others_found = %(others_found)s, policy = %(policy)s, model = %(model)s, processing_ms = %(processing_ms)s, stage_ms = %(stage_ms)s,
    made_by_version = %(version)s, finished_at = now()
FROM images AS before
WHERE images.id = %(image_id)s AND images.open_attempt_id = %(attempt_id)s AND before.id = images.id
RETURNING before.result_key AS replaced_key, images.job_id

-- name: room_for_refused_file
-- Locks the image of an open attempt. A refused file replaces no result that could be published: only a refused one, and
-- one at the review gate in which a reviewer has marked a face.
WITH locked AS MATERIALIZED (
    SELECT * FROM images WHERE id = %(image_id)s AND open_attempt_id = %(attempt_id)s FOR NO KEY UPDATE
)
SELECT locked.error_code IS DISTINCT FROM 'rejected' AND (
           locked.result_attempt_id IS NULL OR locked.refused_attempt_id = locked.result_attempt_id
           OR locked.state = 'needs_review' AND coalesce(shows_a_mark(locked.id, locked.result_attempt_id), false)
       ) AS has_room
FROM locked

-- name: note_findings
UPDATE attempts SET findings = %(findings)s WHERE id = %(attempt_id)s

-- name: note_refused_file
UPDATE images SET refused_attempt_id = %(attempt_id)s WHERE id = %(image_id)s

-- name: approve_image
UPDATE images SET state = 'published', error_code = NULL, error_message = NULL, finished_at = now()
WHERE id = %(image_id)s AND state = 'needs_review' AND result_key IS NOT NULL AND open_attempt_id IS NULL
  AND result_gone_at IS NULL AND (refused_attempt_id = result_attempt_id) IS NOT TRUE
RETURNING id

-- name: note_first_approval
-- The image stays at the review gate under the conditions of approve_image.
UPDATE images SET error_code = %(error_code)s, error_message = %(error_message)s
WHERE id = %(image_id)s AND state = 'needs_review' AND result_key IS NOT NULL AND open_attempt_id IS NULL
  AND result_gone_at IS NULL AND (refused_attempt_id = result_attempt_id) IS NOT TRUE
RETURNING id

-- name: result_of_image
SELECT result_attempt_id, result_key FROM images WHERE id = %(image_id)s

-- name: revive_attempts
-- Images whose last attempt was in this batch and failed for reasons other than the picture: those to process when an
-- operator retries the flow run.
SELECT images.id AS image_id, images.original_bytes, attempts.number, attempts.correction
FROM attempts JOIN images ON images.id = attempts.image_id
WHERE attempts.batch_id = %(batch_id)s
  AND (attempts.outcome = 'retried' OR (attempts.outcome = 'given_up' AND attempts.error_code = 'cancelled'))
  AND images.open_attempt_id IS NULL AND images.state = 'failed' AND images.error_code IS DISTINCT FROM 'rejected'
  AND images.original_gone_at IS NULL
  AND NOT EXISTS (
      SELECT FROM attempts AS later WHERE later.image_id = images.id AND later.number > attempts.number
  )
ORDER BY images.position
FOR UPDATE OF images

-- name: fail_image
-- Like publish_image. An image with a result keeps it and its state, and what a reviewer rejected stays rejected. After a
-- correction the image waits for review: its result lacks what a person marked. One that waits without a result goes on.
WITH locked AS MATERIALIZED (
    SELECT id, state, open_attempt_id, result_key IS NOT NULL OR error_code IS NOT DISTINCT FROM 'rejected' AS keeps
    FROM images WHERE id = %(image_id)s AND open_attempt_id = %(attempt_id)s
    FOR NO KEY UPDATE
), judged AS MATERIALIZED (
    SELECT *, lacks_marks(state, open_attempt_id) AS lacks FROM locked
)
UPDATE images SET
    state = CASE WHEN lacks OR (judged.state = 'needs_review' AND NOT keeps) THEN 'needs_review'
                 WHEN keeps THEN judged.state ELSE %(state)s END,
    error_code = CASE WHEN lacks OR NOT keeps THEN %(error_code)s ELSE error_code END,
    error_message = CASE WHEN lacks OR NOT keeps THEN %(error_message)s ELSE error_message END,
    finished_at = CASE WHEN lacks OR NOT keeps THEN now() ELSE finished_at END,
    open_attempt_id = NULL
FROM judged
WHERE images.id = judged.id AND images.open_attempt_id = %(attempt_id)s
RETURNING images.id

-- name: withdraw_image
-- Like fail_image, but an image with a result waits for review with it, even if that result was published.
UPDATE images SET
    state = 'needs_review', error_code = %(error_code)s, error_message = %(error_message)s, finished_at = now(),
    open_attempt_id = NULL
WHERE id = %(image_id)s AND open_attempt_id = %(attempt_id)s
RETURNING id

-- name: finish_attempt
UPDATE attempts SET outcome = %(outcome)s, error_code = %(error_code)s, error_message = %(error_message)s,
    blurline_version = %(version)s, finished_at = now()
WHERE id = %(attempt_id)s AND outcome IS NULL

-- name: insert_detections
INSERT INTO detections (attempt_id, ordinal, class_name, frame, x1, y1, x2, y2, score, destroyed)
SELECT %(attempt_id)s, row_number() OVER () - 1, class_name, frame, x1, y1, x2, y2, score, destroyed
FROM unnest(%(class_name)s::text[], %(frame)s::int[], %(x1)s::real[], %(y1)s::real[], %(x2)s::real[], %(y2)s::real[],
            %(score)s::real[], %(destroyed)s::bool[])
    AS given (class_name, frame, x1, y1, x2, y2, score, destroyed)

-- name: close_attempts
-- Ends open attempts that failed. Locks their images first, like publish_image, so that the two cannot deadlock.
-- strikes counts the image's earlier attempts that failed without an outage.
WITH locked AS (
    SELECT id, open_attempt_id FROM images WHERE open_attempt_id = ANY(%(attempt_ids)s::uuid[]) ORDER BY id FOR UPDATE
), closed AS (
    UPDATE attempts SET outcome = %(outcome)s, error_code = %(error_code)s, error_message = %(error_message)s,
        finished_at = now()
    FROM locked
    WHERE attempts.id = locked.open_attempt_id AND attempts.outcome IS NULL
    RETURNING attempts.id, attempts.image_id, attempts.batch_id, attempts.number, attempts.correction
)
SELECT closed.id AS attempt_id, closed.image_id, closed.number, closed.correction, closed.batch_id, batches.job_id, batches.queue, batches.policy,
       batches.rerun_id, images.original_bytes,
       (SELECT count(*) FROM attempts AS earlier
        WHERE earlier.image_id = closed.image_id AND earlier.outcome = 'retried' AND earlier.id <> closed.id
          AND earlier.error_code <> ALL(%(outages)s::text[])) AS strikes
FROM closed JOIN batches ON batches.id = closed.batch_id JOIN images ON images.id = closed.image_id
ORDER BY images.position

-- name: release_images
-- Ends cancelled attempts at images that close_attempts has locked. An image returns to its state before a re-run; one
-- that was never finished fails; one whose correction is cancelled waits for review.
WITH judged AS MATERIALIZED (
    SELECT id, CASE WHEN state IN ('queued', 'processing') THEN 'failed'
                    WHEN lacks_marks(state, open_attempt_id) THEN 'needs_review' END AS ends_in
    FROM images WHERE id = ANY(%(image_ids)s::uuid[])
)
UPDATE images SET
    open_attempt_id = NULL,
    state = coalesce(ends_in, state),
    error_code = CASE WHEN ends_in IS NULL THEN error_code ELSE %(error_code)s END,
    error_message = CASE WHEN ends_in IS NULL THEN error_message ELSE %(error_message)s END,
    finished_at = CASE WHEN ends_in IS NULL THEN finished_at ELSE now() END
FROM judged WHERE images.id = judged.id

-- name: reopen_images
UPDATE images SET open_attempt_id = given.attempt_id,
    state = CASE WHEN state = 'processing' THEN 'queued' ELSE state END
FROM unnest(%(image_ids)s::uuid[], %(attempt_ids)s::uuid[]) AS given (image_id, attempt_id)
WHERE images.id = given.image_id
