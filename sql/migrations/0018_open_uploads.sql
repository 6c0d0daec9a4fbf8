-- Uploads that are not submitted yet: they count against the quotas of their owners. A row leaves when its upload is
-- submitted, or when its form has expired and nothing is stored under the key. bytes is what the form accepts, and what is
-- stored once the form has expired.

CREATE TABLE open_uploads (
    key        text PRIMARY KEY,
    owner      text NOT NULL,
    bytes      bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    is_settled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX open_uploads_of_owner ON open_uploads (owner, is_settled, expires_at);
CREATE INDEX open_uploads_by_age ON open_uploads (created_at);
