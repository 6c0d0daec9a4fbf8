-- One-time links to the dashboard.

-- name: add_sign_in_link
INSERT INTO sign_in_links (code_sha256, owner, scopes, expires_at)
VALUES (%(code_sha256)s, %(owner)s, %(scopes)s, now() + %(valid_s)s * interval '1 second')

-- name: delete_expired_sign_in_links
DELETE FROM sign_in_links WHERE expires_at <= now()

-- name: take_sign_in_link
DELETE FROM sign_in_links WHERE code_sha256 = %(code_sha256)s RETURNING owner, scopes, expires_at > now() AS is_valid
