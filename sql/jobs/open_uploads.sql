-- Uploads that are not submitted yet.

-- name: lock_uploads_of_owner
-- Until the transaction ends, so that two requests that count and insert cannot exceed the quota together.
SELECT pg_advisory_xact_lock(hashtextextended('uploads of ' || %(owner)s, 0))

-- name: count_open_uploads
SELECT count(*) AS uploads, coalesce(sum(bytes), 0)::bigint AS bytes FROM open_uploads WHERE owner = %(owner)s

-- name: insert_open_uploads
INSERT INTO open_uploads (key, owner, bytes, expires_at)
SELECT key, %(owner)s, %(bytes)s, now() + %(ttl_s)s * interval '1 second' FROM unnest(%(keys)s::text[]) AS given (key)

-- name: expired_forms
SELECT key FROM open_uploads
WHERE owner = %(owner)s AND NOT is_settled AND expires_at < now() ORDER BY key LIMIT %(limit)s

-- name: settle_stored_uploads
UPDATE open_uploads SET bytes = given.bytes, is_settled = true
FROM unnest(%(keys)s::text[], %(bytes)s::bigint[]) AS given (key, bytes) WHERE open_uploads.key = given.key

-- name: delete_open_uploads
DELETE FROM open_uploads WHERE key = ANY(%(keys)s::text[])

-- name: expire_open_uploads
DELETE FROM open_uploads WHERE key IN (
    SELECT key FROM open_uploads WHERE created_at < now() - %(kept_hours)s * interval '1 hour'
    ORDER BY created_at LIMIT %(limit)s
)
