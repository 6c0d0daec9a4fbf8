-- Searches of images. `sql/jobs/image_search.py` fills in what stands in braces. A parameter of null does not restrict.

-- name: images
SELECT images.*, jobs.owner, attempts.blurline_version FROM (
    SELECT images.* FROM {images} {of_jobs}
    WHERE {filter} AND (%(cursor)s::uuid IS NULL OR {place} {beyond} {cursor})
    ORDER BY {ordered} LIMIT %(limit)s
) AS images JOIN jobs ON jobs.id = images.job_id LEFT JOIN attempts ON attempts.id = images.result_attempt_id
ORDER BY {ordered}

-- name: near_images
-- The next images in order, whatever matches.
(SELECT * FROM images WHERE %(cursor)s::uuid IS NULL OR {place} {beyond} {cursor} ORDER BY {ordered} LIMIT 5000) AS images

-- name: count_found_images
SELECT count(*) AS images FROM (SELECT FROM images {of_jobs} WHERE {filter} LIMIT %(limit)s) AS found

-- name: of_jobs
-- Only where the filter has an owner or labels.
JOIN jobs ON jobs.id = images.job_id
    AND (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)
    AND (%(labels)s::jsonb IS NULL OR jobs.labels @> %(labels)s)

-- name: image_filter
-- An image whose doubt is unknown matches no range of doubt; the list of states is for the index images_by_doubt.
    (%(job_id)s::uuid IS NULL OR images.job_id = %(job_id)s)
AND (%(state)s::text IS NULL OR images.state = %(state)s)
AND (%(error_code)s::text IS NULL OR images.error_code = %(error_code)s)
AND (%(since)s::timestamptz IS NULL OR images.created_at >= %(since)s)
AND (%(until)s::timestamptz IS NULL OR images.created_at < %(until)s)
AND (%(name)s::text IS NULL
     OR images.name ILIKE %(name)s AND name_trigrams('^^' || images.name) @> name_trigrams(%(name_part)s)
     OR images.name ILIKE %(other_name)s AND name_trigrams('^^' || images.name) @> name_trigrams(%(other_part)s))
AND (%(note)s::jsonb IS NULL OR images.notes <> '[]' AND images.notes @> %(note)s)
AND (%(doubt_above)s::real IS NULL AND %(doubt_up_to)s::real IS NULL
     OR images.doubt IS NOT NULL
        AND images.state = ANY ('{queued,processing,published,needs_review,failed,deleted}')
        AND (%(doubt_above)s::real IS NULL OR coalesce(images.doubt, 2) > %(doubt_above)s::real)
        AND (%(doubt_up_to)s::real IS NULL OR coalesce(images.doubt, 2) <= %(doubt_up_to)s::real))
