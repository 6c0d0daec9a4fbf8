-- Statistics from the tallies, which are always up to date. A null parameter does not restrict; since and until are whole
-- hours.

-- name: timeline
SELECT date_trunc(%(bucket)s, hour, 'UTC') AS start, state, sum(images)::bigint AS images, sum(faces)::bigint AS faces
FROM tallies_of(%(clock)s, %(since)s, %(until)s, %(owner)s, %(profile)s, %(state)s, %(labels)s,
                %(model_sha256)s, %(made_by_version)s)
GROUP BY 1, 2 HAVING sum(images) <> 0
ORDER BY 1, 2

-- name: histogram
SELECT bin_edges(%(figure)s)::float8[] AS edges, array(
    SELECT sum(counted)::bigint
    FROM tallies_of('submitted', %(since)s, %(until)s, %(owner)s, %(profile)s, %(state)s, %(labels)s,
                    %(model_sha256)s, %(made_by_version)s)
    CROSS JOIN LATERAL unnest(CASE %(figure)s
        WHEN 'faces_per_image' THEN faces_per_image
        WHEN 'face_sizes' THEN face_sizes
        WHEN 'face_shares' THEN face_shares
        WHEN 'face_scores' THEN face_scores
        WHEN 'candidate_scores' THEN candidate_scores
        WHEN 'waits' THEN waits
        WHEN 'turnarounds' THEN turnarounds
        WHEN 'processing_times' THEN processing_times
    END) WITH ORDINALITY AS bins (counted, at)
    GROUP BY at ORDER BY at
) AS counts

-- name: failures
SELECT state, error_code, sum(images)::bigint AS images
FROM tallies_of('submitted', %(since)s, %(until)s, %(owner)s, %(profile)s, %(state)s, %(labels)s,
                %(model_sha256)s, %(made_by_version)s)
WHERE error_code <> ''
GROUP BY state, error_code HAVING sum(images) <> 0
ORDER BY images DESC, error_code

-- name: models
SELECT model_name AS name, model_sha256 AS sha256, profile, sum(images)::bigint AS images, sum(faces)::bigint AS faces
FROM tallies_of('submitted', %(since)s, %(until)s, %(owner)s, %(profile)s, %(state)s, %(labels)s,
                %(model_sha256)s, %(made_by_version)s)
WHERE model_sha256 <> ''
GROUP BY model_name, model_sha256, profile HAVING sum(images) <> 0
ORDER BY images DESC, name, profile

-- name: releases
-- The newest first.
SELECT made_by_version, sum(images)::bigint AS images, sum(faces)::bigint AS faces
FROM tallies_of('submitted', %(since)s, %(until)s, %(owner)s, %(profile)s, %(state)s, %(labels)s,
                %(model_sha256)s, %(made_by_version)s)
WHERE made_by_version <> ''
GROUP BY made_by_version HAVING sum(images) <> 0
ORDER BY string_to_array(substring(made_by_version FROM '^\d+(?:\.\d+)*'), '.')::numeric[] DESC NULLS LAST,
         made_by_version DESC

-- name: classes
-- Faces come from the tallies. Few images have objects of other classes, and an index has these.
SELECT 'face' AS class_name, coalesce(sum(counted) FILTER (WHERE at > 1), 0)::bigint AS images,
       coalesce((SELECT sum(faces) FROM tallies_of(
           'submitted', %(since)s, %(until)s, %(owner)s, %(profile)s, %(state)s, %(labels)s,
           %(model_sha256)s, %(made_by_version)s)), 0)::bigint AS objects
FROM tallies_of('submitted', %(since)s, %(until)s, %(owner)s, %(profile)s, %(state)s, %(labels)s,
                %(model_sha256)s, %(made_by_version)s)
CROSS JOIN LATERAL unnest(faces_per_image) WITH ORDINALITY AS bins (counted, at)
UNION ALL
(SELECT found.key, count(*), sum(found.value::bigint)::bigint
FROM images JOIN jobs ON jobs.id = images.job_id CROSS JOIN LATERAL jsonb_each_text(others_found) AS found
WHERE images.others_found IS NOT NULL AND images.created_at >= %(since)s AND images.created_at < %(until)s
  AND (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)
  AND (%(profile)s::text IS NULL OR coalesce(images.policy, jobs.policy) ->> 'profile' = %(profile)s)
  AND (%(state)s::text IS NULL OR images.state = %(state)s)
  AND (%(labels)s::jsonb IS NULL OR jobs.labels @> %(labels)s)
  AND (%(model_sha256)s::text IS NULL OR images.model ->> 'sha256' = %(model_sha256)s)
  AND (%(made_by_version)s::text IS NULL OR images.made_by_version = %(made_by_version)s)
GROUP BY found.key ORDER BY found.key)

-- name: durations
SELECT coalesce(sum(started), 0)::bigint AS started, coalesce(sum(wait_us), 0)::bigint AS wait_us,
       coalesce(sum(settled), 0)::bigint AS settled, coalesce(sum(turnaround_us), 0)::bigint AS turnaround_us,
       coalesce(sum(treated), 0)::bigint AS treated, coalesce(sum(processing_us), 0)::bigint AS processing_us,
       coalesce(sum(staged), 0)::bigint AS staged, stages() AS stages, vector_sum(1, stage_us) AS stage_us
FROM tallies_of('submitted', %(since)s, %(until)s, %(owner)s, %(profile)s, %(state)s, %(labels)s,
                %(model_sha256)s, %(made_by_version)s)

-- name: queue
-- Images that have never ended, regardless of the time range; so no model and no release has made a result of them. The
-- tallies show the hour of the oldest one.
SELECT given.state, coalesce(waiting.images, 0)::bigint AS images, (
    SELECT min(images.created_at) FROM images JOIN jobs ON jobs.id = images.job_id
    WHERE images.created_at >= waiting.first_hour AND images.created_at < waiting.first_hour + interval '1 hour'
      AND images.state = given.state AND (%(owner)s::text IS NULL OR jobs.owner = %(owner)s)
      AND (%(profile)s::text IS NULL OR coalesce(images.policy, jobs.policy) ->> 'profile' = %(profile)s)
      AND (%(labels)s::jsonb IS NULL OR jobs.labels @> %(labels)s)
) AS oldest_at
FROM unnest('{queued,processing}'::text[]) AS given (state)
LEFT JOIN (
    SELECT state, sum(images) AS images, min(hour) AS first_hour
    FROM (
        SELECT state, hour, sum(images) AS images
        FROM tallies_of('submitted', NULL, NULL, %(owner)s, %(profile)s, NULL, %(labels)s)
        WHERE state IN ('queued', 'processing')
        GROUP BY state, hour HAVING sum(images) > 0
    ) AS hours
    GROUP BY state
) AS waiting ON waiting.state = given.state

-- name: held
SELECT coalesce(sum(images), 0)::bigint AS images
FROM tallies_of('submitted', %(since)s, %(until)s, %(owner)s, %(profile)s, 'needs_review', %(labels)s,
                %(model_sha256)s, %(made_by_version)s)

-- name: decisions_by_kind
SELECT kind, count(*) AS decisions, avg(waited_us)::float8 / 6e7 AS mean_wait_minutes,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY waited_us) / 6e7 AS median_wait_minutes
FROM verdicts
WHERE hour >= %(since)s AND hour < %(until)s AND (%(profile)s::text IS NULL OR profile = %(profile)s)
  AND (%(model_sha256)s::text IS NULL OR model_sha256 = %(model_sha256)s)
  AND (%(made_by_version)s::text IS NULL OR made_by_version = %(made_by_version)s)
  AND ((%(owner)s::text IS NULL AND %(labels)s::jsonb IS NULL) OR cohort_id IN (
      SELECT id FROM cohorts
      WHERE (%(owner)s::text IS NULL OR owner = %(owner)s) AND (%(labels)s::jsonb IS NULL OR labels @> %(labels)s)))
GROUP BY kind
ORDER BY kind

-- name: quality
-- By profile and size, from the last decision about each detection. images is the number of images.
SELECT profile, at - 1 AS bin, count(*) AS images, sum(found)::bigint AS found, sum(missed)::bigint AS missed,
       sum(mistaken)::bigint AS mistaken
FROM verdicts
CROSS JOIN LATERAL unnest(faces_found, faces_missed, false_boxes) WITH ORDINALITY AS bins (found, missed, mistaken, at)
WHERE is_last AND hour >= %(since)s AND hour < %(until)s AND (%(profile)s::text IS NULL OR profile = %(profile)s)
  AND (%(model_sha256)s::text IS NULL OR model_sha256 = %(model_sha256)s)
  AND (%(made_by_version)s::text IS NULL OR made_by_version = %(made_by_version)s)
  AND ((%(owner)s::text IS NULL AND %(labels)s::jsonb IS NULL) OR cohort_id IN (
      SELECT id FROM cohorts
      WHERE (%(owner)s::text IS NULL OR owner = %(owner)s) AND (%(labels)s::jsonb IS NULL OR labels @> %(labels)s)))
GROUP BY profile, at
ORDER BY profile, at

-- name: quality_edges
SELECT bin_edges('quality_sizes')::float8[] AS edges

-- name: note_releases
-- The release that made each result is taken from its attempt, the newest images first. Only results of releases before
-- 0033 lack it; 0.1.0 has noted none.
UPDATE images SET made_by_version = coalesce(attempts.blurline_version, '0.1.0')
FROM (
    SELECT id, result_attempt_id FROM images WHERE result_attempt_id IS NOT NULL AND made_by_version IS NULL
    ORDER BY id DESC LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
) AS found
LEFT JOIN attempts ON attempts.id = found.result_attempt_id
WHERE images.id = found.id
RETURNING images.id

-- name: fold_tallies
SELECT fold_tallies() AS folded

-- name: rebuild_statistics
SELECT rebuild_statistics()
