-- Review: claims, decisions, views of originals.

-- name: next_to_review
-- The most doubtful first. An image without a result comes before all others. What waits for a second reviewer is not
-- for the first one.
SELECT images.id AS image_id FROM images
WHERE images.state = 'needs_review' AND images.open_attempt_id IS NULL
  AND images.id <> ALL(%(skip)s::uuid[])
  AND NOT EXISTS (
      SELECT FROM review_claims AS claims
      WHERE claims.image_id = images.id AND claims.until > now() AND claims.reviewer <> %(reviewer)s
  )
  AND (images.error_code IS DISTINCT FROM 'second_approval' OR %(reviewer)s IS DISTINCT FROM (
      SELECT decisions.reviewer FROM decisions WHERE decisions.image_id = images.id
      ORDER BY decisions.created_at DESC, decisions.id DESC LIMIT 1
  ))
ORDER BY coalesce(images.doubt, 2) DESC, images.id DESC
LIMIT 1

-- name: claim_review
-- Returns no row while another reviewer's claim is valid.
INSERT INTO review_claims AS claims (image_id, reviewer, until)
SELECT id, %(reviewer)s, now() + %(lease_s)s * interval '1 second' FROM images WHERE id = %(image_id)s
ON CONFLICT (image_id) DO UPDATE SET reviewer = excluded.reviewer, until = excluded.until
WHERE claims.until <= now() OR claims.reviewer = excluded.reviewer
RETURNING image_id, until

-- name: release_review
DELETE FROM review_claims WHERE image_id = %(image_id)s AND reviewer = %(reviewer)s

-- name: count_to_review
SELECT count(*) AS images FROM images WHERE state = 'needs_review'

-- name: lock_image_to_decide
-- The next statement then sees the attempt and the decision that a concurrent transaction has added.
SELECT FROM images WHERE id = %(image_id)s FOR UPDATE

-- name: image_to_decide
-- shows_a_mark: a reviewer has marked a face in the present result, which therefore still shows it.
-- first_reviewer: who has given the first of two approvals. Every other decision changes the error code.
SELECT images.result_attempt_id, images.result_sha256, images.open_attempt_id, images.frames,
       is_correction(images.open_attempt_id) AS is_being_corrected,
       (SELECT claims.reviewer FROM review_claims AS claims
        WHERE claims.image_id = images.id AND claims.until > now()) AS reviewer,
       shows_a_mark(images.id, images.result_attempt_id) AS shows_a_mark,
       coalesce(images.refused_attempt_id = images.result_attempt_id, false) AS is_refused,
       coalesce((coalesce(images.policy, jobs.policy) ->> 'reviewers')::int, 1) AS approvals,
       CASE WHEN images.error_code = 'second_approval' THEN (
           SELECT decisions.reviewer FROM decisions WHERE decisions.image_id = images.id
           ORDER BY decisions.created_at DESC, decisions.id DESC LIMIT 1) END AS first_reviewer
FROM images JOIN jobs ON jobs.id = images.job_id WHERE images.id = %(image_id)s

-- name: reject_image
UPDATE images SET state = 'failed', error_code = 'rejected', error_message = %(error_message)s, finished_at = now()
WHERE id = %(image_id)s AND (state IN ('needs_review', 'published') OR %(was_underway)s)

-- name: withdraw_published_image
-- Nobody but a reviewer can fetch the result of an image at the review gate.
UPDATE images SET state = 'needs_review', error_code = 'corrected', error_message = %(message)s, finished_at = now()
WHERE id = %(image_id)s AND state = 'published'

-- name: image_to_correct
-- With the policy and correction of its result.
SELECT images.width_px, images.height_px, images.frames,
       images.job_id, images.original_bytes, images.original_gone_at, coalesce(images.policy, jobs.policy) AS policy,
       (SELECT max(number) FROM attempts WHERE attempts.image_id = images.id) AS number,
       (SELECT correction FROM attempts WHERE attempts.id = images.result_attempt_id) AS correction
FROM images JOIN jobs ON jobs.id = images.job_id
WHERE images.id = %(image_id)s AND images.state IN ('needs_review', 'published', 'failed')
  AND images.original_etag IS NOT NULL

-- name: destroyed_boxes
SELECT class_name, frame, x1, y1, x2, y2, score FROM detections
WHERE attempt_id = %(attempt_id)s AND destroyed ORDER BY ordinal

-- name: insert_decision
INSERT INTO decisions (id, image_id, attempt_id, reviewer, kind, added, dropped, note)
VALUES (%(id)s, %(image_id)s, %(attempt_id)s, %(reviewer)s, %(kind)s, %(added)s, %(dropped)s, %(note)s)

-- name: decisions
SELECT * FROM decisions WHERE image_id = %(image_id)s ORDER BY created_at, id

-- name: tell_of_first_approval
SELECT add_event(jobs.owner, 'image.needs_review', jobs.id, images.id, jsonb_build_object(
    'faces_found', images.faces, 'error_code', images.error_code,
    'notes', jsonb_path_query_array(images.notes, '$[*].code')))
FROM images JOIN jobs ON jobs.id = images.job_id WHERE images.id = %(image_id)s

-- name: record_view
INSERT INTO looks (image_id, reviewer) VALUES (%(image_id)s, %(reviewer)s)

-- name: send_to_review
-- Published results, and rejected ones that a reviewer names: nobody but a reviewer can fetch them at the review gate.
-- Also results of which one of two approvals is there, which it voids.
WITH chosen AS (
    SELECT id FROM images
    WHERE job_id = %(job_id)s AND open_attempt_id IS NULL AND result_key IS NOT NULL AND result_gone_at IS NULL
      AND (state = 'published' OR state = 'needs_review' AND error_code = 'second_approval'
           OR %(with_rejected)s AND state = 'failed' AND error_code = 'rejected')
      AND (%(image_ids)s::uuid[] IS NULL OR id = ANY(%(image_ids)s))
      AND (%(doubt_above)s::real IS NULL OR doubt > %(doubt_above)s::real)
    ORDER BY id FOR UPDATE
)
UPDATE images SET state = 'needs_review', error_code = 'sent_to_review', error_message = %(error_message)s,
    finished_at = now()
FROM chosen WHERE images.id = chosen.id

-- name: record_look
-- A reviewer who looks around in a picture fetches many tiles: at most one look a minute is recorded.
INSERT INTO looks (image_id, reviewer)
SELECT %(image_id)s, %(reviewer)s WHERE NOT EXISTS (
    SELECT FROM looks
    WHERE image_id = %(image_id)s AND reviewer = %(reviewer)s AND looked_at > now() - interval '1 minute'
)
