-- The objects the store should have, in the order in which it lists them, and second looks at suspected differences. An
-- original that is not fetched yet has no etag, and one in a source is not in this store. Expired and deleted objects
-- have been removed, or will be soon.

-- name: expected_originals
SELECT id AS image_id, original_key AS place,
       CASE WHEN original_gone_why IS DISTINCT FROM 'expired' THEN ARRAY[original_key] ELSE '{}' END AS stems,
       CASE WHEN original_etag IS NOT NULL AND source IS NULL AND original_gone_why IS DISTINCT FROM 'expired'
            THEN original_key END AS key,
       original_gone_why IS NOT DISTINCT FROM 'missing' AS is_noted
FROM images WHERE (%(cursor)s::text IS NULL OR original_key COLLATE "C" > %(cursor)s)
  AND (%(until)s::text IS NULL OR original_key COLLATE "C" <= %(until)s)
ORDER BY original_key COLLATE "C" LIMIT %(limit)s

-- name: expected_results
SELECT id AS image_id, id::text AS place,
       array_remove(ARRAY[
           CASE WHEN result_gone_why IS DISTINCT FROM 'expired' THEN split_part(result_key, '.', 1) END,
           id || '/' || open_attempt_id
       ], NULL) AS stems,
       CASE WHEN result_gone_why IS DISTINCT FROM 'expired' THEN result_key END AS key,
       result_gone_why IS NOT DISTINCT FROM 'missing' AS is_noted
FROM images WHERE (%(cursor)s::text IS NULL OR id > %(cursor)s::uuid)
  AND (%(until)s::text IS NULL OR id <= %(until)s::uuid)
ORDER BY id LIMIT %(limit)s

-- name: unnamed_originals
-- The given keys (up to their first dot) that no row names.
SELECT stem FROM unnest(%(stems)s::text[]) AS given (stem)
WHERE NOT EXISTS (
        SELECT FROM images WHERE original_key = stem
        AND (original_gone_why IS DISTINCT FROM 'expired'
             OR EXISTS (SELECT FROM erasures WHERE image_id = images.id AND confirmed_at IS NULL)))
  AND NOT EXISTS (SELECT FROM deleted_images WHERE original_key = stem)

-- name: unnamed_results
-- Earlier results stay while a legal hold protects their image.
SELECT stem FROM unnest(%(stems)s::text[]) AS given (stem)
CROSS JOIN LATERAL (SELECT split_part(stem, '/', 1)::uuid AS image_id) AS of
WHERE NOT EXISTS (
        SELECT FROM images WHERE images.id = of.image_id
        AND (stem IN (split_part(result_key, '.', 1), id || '/' || open_attempt_id)
             AND (result_gone_why IS DISTINCT FROM 'expired' OR stem = id || '/' || open_attempt_id)
             OR EXISTS (SELECT FROM erasures WHERE image_id = images.id AND confirmed_at IS NULL)))
  AND NOT EXISTS (SELECT FROM deleted_images WHERE deleted_images.image_id = of.image_id)
  AND NOT EXISTS (
        SELECT FROM images CROSS JOIN holds_on(images.job_id, images.id)
        WHERE images.id = of.image_id)

-- name: still_named_originals
-- The given images whose row still names the given key.
SELECT id AS image_id FROM unnest(%(image_ids)s::uuid[], %(keys)s::text[]) AS given (image_id, key)
JOIN images ON images.id = given.image_id AND images.original_key = given.key
WHERE original_etag IS NOT NULL AND source IS NULL AND original_gone_why IS DISTINCT FROM 'expired'

-- name: still_named_results
SELECT id AS image_id FROM unnest(%(image_ids)s::uuid[], %(keys)s::text[]) AS given (image_id, key)
JOIN images ON images.id = given.image_id AND images.result_key = given.key
WHERE result_gone_why IS DISTINCT FROM 'expired'

-- name: note_missing_originals
UPDATE images SET original_gone_at = now(), original_gone_why = 'missing'
FROM unnest(%(image_ids)s::uuid[], %(keys)s::text[]) AS given (image_id, key)
WHERE images.id = given.image_id AND images.original_key = given.key AND original_gone_at IS NULL

-- name: note_missing_results
UPDATE images SET result_gone_at = now(), result_gone_why = 'missing'
FROM unnest(%(image_ids)s::uuid[], %(keys)s::text[]) AS given (image_id, key)
WHERE images.id = given.image_id AND images.result_key = given.key AND result_gone_at IS NULL

-- name: note_returned_originals
UPDATE images SET original_gone_at = NULL, original_gone_why = NULL
FROM unnest(%(image_ids)s::uuid[], %(keys)s::text[]) AS given (image_id, key)
WHERE images.id = given.image_id AND images.original_key = given.key AND original_gone_why = 'missing'

-- name: note_returned_results
UPDATE images SET result_gone_at = NULL, result_gone_why = NULL
FROM unnest(%(image_ids)s::uuid[], %(keys)s::text[]) AS given (image_id, key)
WHERE images.id = given.image_id AND images.result_key = given.key AND result_gone_why = 'missing'
