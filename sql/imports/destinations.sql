-- Results for destinations. One process at a time writes or removes anything of one original.

-- name: insert_destination_results
INSERT INTO destination_results (image_id, destination, source, path)
SELECT image_id, %(destination)s, %(source)s, path
FROM unnest(%(image_ids)s::uuid[], %(paths)s::text[]) AS given (image_id, path)

-- name: withdraw_from_destination
-- Of images that are deleted on request.
UPDATE destination_results SET is_withdrawn = true, due_at = now(), version = version + 1, tries = 0
WHERE image_id = ANY(%(image_ids)s::uuid[])

-- name: notify_destinations
SELECT pg_notify('blurline_destinations', '')

-- name: lock_destination_claims
SELECT pg_advisory_xact_lock(hashtextextended('destination claims', 0))

-- name: claim_destination_results
-- action: what the image's state asks for. A result that has expired, and one of an image whose rows have, stays there.
-- A result is not written over that of a newer image of the same original.
WITH due AS (
    SELECT DISTINCT ON (destination, source, path) image_id FROM destination_results AS mine
    WHERE due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())
      AND NOT EXISTS (
          SELECT FROM destination_results AS other
          WHERE other.destination = mine.destination AND other.source = mine.source AND other.path = mine.path
            AND other.claimed_until >= now())
    ORDER BY destination, source, path, image_id
    LIMIT %(limit)s
), claimed AS (
    UPDATE destination_results SET claimed_until = now() + %(lease_s)s * interval '1 second'
    FROM due WHERE destination_results.image_id = due.image_id
    RETURNING destination_results.*
)
SELECT claimed.image_id, claimed.destination, claimed.source, claimed.path, claimed.version,
       claimed.written_path, claimed.tries,
       images.result_key, images.result_media_type AS media_type, images.result_sha256 AS sha256,
       CASE WHEN claimed.is_withdrawn THEN 'remove'
            WHEN images.id IS NULL THEN 'keep'
            WHEN images.state <> 'published' THEN 'remove'
            WHEN images.result_gone_at IS NOT NULL THEN 'keep'
            WHEN EXISTS (
                SELECT FROM destination_results AS newer
                WHERE newer.destination = claimed.destination AND newer.source = claimed.source
                  AND newer.path = claimed.path
                  AND newer.image_id > claimed.image_id AND newer.written_path IS NOT NULL) THEN 'keep'
            ELSE 'write' END AS action,
       ARRAY(SELECT other.written_path FROM destination_results AS other
             WHERE other.destination = claimed.destination AND other.source = claimed.source
               AND other.path = claimed.path
               AND other.image_id <> claimed.image_id AND other.written_path IS NOT NULL) AS other_paths
FROM claimed LEFT JOIN images ON images.id = claimed.image_id

-- name: reserve_destination_path
-- Whether the path is this original's, which it becomes if it is nobody's.
INSERT INTO destination_paths (destination, written_path, source, path)
VALUES (%(destination)s, %(written_path)s, %(source)s, %(path)s)
ON CONFLICT (destination, written_path) DO UPDATE SET written_path = excluded.written_path
RETURNING source = %(source)s AND path = %(path)s AS is_reserved

-- name: finish_destination_result
-- It stays due if the image has changed meanwhile.
UPDATE destination_results SET written_path = %(written_path)s, claimed_until = NULL, tries = 0, error = %(error)s,
    due_at = CASE WHEN version = %(version)s THEN NULL ELSE now() END
WHERE image_id = %(image_id)s

-- name: note_replaced_results
UPDATE destination_results SET written_path = NULL
WHERE destination = %(destination)s AND source = %(source)s AND path = %(path)s AND image_id <> %(image_id)s

-- name: drop_destination_result
-- Of an image that is gone, when nothing is left to do for it. If nothing of its original lies there, its path is
-- free again.
WITH dropped AS (
    DELETE FROM destination_results WHERE image_id = %(image_id)s AND due_at IS NULL
      AND NOT EXISTS (SELECT FROM images WHERE images.id = %(image_id)s)
    RETURNING *
)
DELETE FROM destination_paths AS reserved USING dropped
WHERE (reserved.destination, reserved.source, reserved.path) = (dropped.destination, dropped.source, dropped.path)
  AND dropped.written_path IS NULL
  AND NOT EXISTS (
      SELECT FROM destination_results AS other
      WHERE other.destination = dropped.destination AND other.source = dropped.source AND other.path = dropped.path
        AND other.image_id <> dropped.image_id)

-- name: postpone_destination_result
UPDATE destination_results SET claimed_until = NULL, tries = tries + 1, error = %(error)s,
    due_at = now() + %(delay_s)s * interval '1 second'
WHERE image_id = %(image_id)s

-- name: waiting_destination_results
SELECT destination, count(*) AS images, coalesce(max(tries), 0) AS tries, max(error) AS error
FROM destination_results WHERE due_at IS NOT NULL GROUP BY destination ORDER BY destination
