-- Backups: a snapshot of the database and the objects it names. Restores: checks before, corrections after.

-- name: export_snapshot
SELECT pg_export_snapshot() AS id

-- name: applied_migrations
SELECT name FROM migrations ORDER BY name

-- name: count_kept
SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM jobs) AS jobs,
       (SELECT count(*) FROM images) AS images, (SELECT count(*) FROM attempts) AS attempts,
       (SELECT count(*) FROM detections) AS detections, (SELECT count(*) FROM decisions) AS decisions,
       (SELECT count(*) FROM outbox) AS outbox

-- name: named_objects
-- The objects that images name. Read through JSON, because a backup before an upgrade runs on a database that may lack
-- these columns.
SELECT 'originals' AS role, original_key AS key, original_sha256 AS sha256, original_etag AS etag FROM images
WHERE original_etag IS NOT NULL AND to_jsonb(images) ->> 'original_gone_at' IS NULL
  AND to_jsonb(images) ->> 'source' IS NULL
UNION ALL
SELECT 'results', result_key, result_sha256, NULL FROM images
WHERE result_key IS NOT NULL AND to_jsonb(images) ->> 'result_gone_at' IS NULL

-- name: list_tables
SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename

-- name: count_sessions
SELECT count(*) AS sessions FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'

-- name: drop_all_tables
DROP SCHEMA public CASCADE

-- name: make_room_for_tables
CREATE SCHEMA public

-- name: rename_etags
-- A store may give a restored original another etag than it had at its submission.
UPDATE images SET original_etag = given.etag
FROM unnest(%(keys)s::text[], %(old_etags)s::text[], %(etags)s::text[]) AS given (key, old_etag, etag)
WHERE images.original_key = given.key AND images.original_etag = given.old_etag
