-- Idempotency keys. A row without an answer is leased to one request.

-- name: delete_expired_idempotency_key
DELETE FROM idempotency_keys
WHERE owner = %(owner)s AND key = %(key)s AND created_at < now() - %(kept_hours)s * interval '1 hour'

-- name: claim_idempotency_key
INSERT INTO idempotency_keys AS known (owner, key, fingerprint, lease_id, leased_until)
VALUES (%(owner)s, %(key)s, %(fingerprint)s, %(lease_id)s, now() + %(lease_s)s * interval '1 second')
ON CONFLICT (owner, key) DO UPDATE SET lease_id = excluded.lease_id, leased_until = excluded.leased_until
WHERE known.answer IS NULL AND known.leased_until < now() AND known.fingerprint = excluded.fingerprint
RETURNING fingerprint, answer

-- name: idempotency_key
SELECT fingerprint, answer FROM idempotency_keys WHERE owner = %(owner)s AND key = %(key)s

-- name: settle_idempotency_key
UPDATE idempotency_keys SET answer = %(answer)s
WHERE owner = %(owner)s AND key = %(key)s AND lease_id = %(lease_id)s AND answer IS NULL

-- name: release_idempotency_key
DELETE FROM idempotency_keys
WHERE owner = %(owner)s AND key = %(key)s AND lease_id = %(lease_id)s AND answer IS NULL
