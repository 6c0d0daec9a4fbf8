-- The last successful runs of the retention and sweep flows.

-- name: note_housekeeping
INSERT INTO housekeeping (flow, succeeded_at, counts) VALUES (%(flow)s, now(), %(counts)s)
ON CONFLICT (flow) DO UPDATE SET succeeded_at = excluded.succeeded_at, counts = excluded.counts

-- name: housekeeping
SELECT flow, succeeded_at, counts FROM housekeeping ORDER BY flow

-- name: count_missing_objects
-- Objects that are marked as missing from the store.
SELECT count(*) FILTER (WHERE original_gone_why = 'missing') AS originals,
       count(*) FILTER (WHERE result_gone_why = 'missing') AS results
FROM images WHERE original_gone_why = 'missing' OR result_gone_why = 'missing'
