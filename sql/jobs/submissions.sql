-- Writing a job in one transaction, with set-based statements for jobs of any size.

-- name: insert_job
INSERT INTO jobs (id, owner, policy, preset, labels, retention, traceparent)
VALUES (%(id)s, %(owner)s, %(policy)s, %(preset)s, %(labels)s, %(retention)s, %(traceparent)s)

-- name: insert_images
INSERT INTO images (id, job_id, position, name, original_key, original_etag, original_bytes, source_url,
                    source, source_key, open_attempt_id)
SELECT image_id, %(job_id)s, position, name, key, etag, bytes, source_url, source, source_key, attempt_id
FROM unnest(
    %(image_ids)s::uuid[], %(positions)s::integer[], %(names)s::text[], %(keys)s::text[], %(etags)s::text[],
    %(bytes)s::bigint[], %(source_urls)s::text[], %(sources)s::text[], %(source_keys)s::text[], %(attempt_ids)s::uuid[]
) AS given (image_id, position, name, key, etag, bytes, source_url, source, source_key, attempt_id)

-- name: insert_batches
INSERT INTO batches (id, job_id, queue, policy, rerun_id)
SELECT batch_id, %(job_id)s, %(queue)s, %(policy)s, %(rerun_id)s FROM unnest(%(batch_ids)s::uuid[]) AS given (batch_id)

-- name: insert_attempts
INSERT INTO attempts (id, image_id, batch_id, number, correction)
SELECT attempt_id, image_id, batch_id, number, correction
FROM unnest(%(attempt_ids)s::uuid[], %(image_ids)s::uuid[], %(batch_ids)s::uuid[], %(numbers)s::integer[],
            %(corrections)s::jsonb[])
    AS given (attempt_id, image_id, batch_id, number, correction)

-- name: insert_outbox
INSERT INTO outbox (batch_id, not_before)
SELECT batch_id, now() + %(delay_s)s * interval '1 second' FROM unnest(%(batch_ids)s::uuid[]) AS given (batch_id)

-- name: notify_outbox
SELECT pg_notify('blurline_outbox', '')

-- name: deleted_key
-- One of the keys whose image was deleted and whose object still waits for removal.
SELECT original_key FROM deleted_images WHERE original_key = ANY(%(keys)s::text[]) LIMIT 1
