-- Users and their usage.

-- name: see_user
INSERT INTO users (id, issuer, subject, name, email)
VALUES (%(id)s, %(issuer)s, %(subject)s, %(name)s, %(email)s)
ON CONFLICT (id) DO UPDATE SET
    name = coalesce(excluded.name, users.name), email = coalesce(excluded.email, users.email), last_seen_at = now()

-- name: users
SELECT * FROM users WHERE id > %(after)s ORDER BY id LIMIT %(limit)s

-- name: set_quotas
UPDATE users SET quotas = %(quotas)s WHERE id = %(id)s RETURNING *

-- name: quotas_of
SELECT quotas FROM users WHERE id = %(owner)s

-- name: charge_usage
INSERT INTO usage AS used (owner, day, images, bytes)
VALUES (%(owner)s, (now() AT TIME ZONE 'UTC')::date, %(images)s, %(bytes)s)
ON CONFLICT (owner, day) DO UPDATE SET images = used.images + excluded.images, bytes = used.bytes + excluded.bytes
RETURNING images, bytes

-- name: usage_today
SELECT coalesce(sum(usage.images), 0)::bigint AS images_today, coalesce(sum(usage.bytes), 0)::bigint AS bytes_today,
       (SELECT count(DISTINCT images.job_id) FROM images JOIN jobs ON jobs.id = images.job_id
        WHERE images.state IN ('queued', 'processing') AND jobs.owner = %(owner)s) AS open_jobs
FROM usage WHERE owner = %(owner)s AND day = (now() AT TIME ZONE 'UTC')::date
