-- One-time links that sign in at the dashboard (`blurline dashboard-link`). Only a hash of the secret code is stored.

CREATE TABLE sign_in_links (
    code_sha256 bytea PRIMARY KEY CHECK (length(code_sha256) = 32),
    owner text NOT NULL,
    scopes text[] NOT NULL,
    expires_at timestamptz NOT NULL
);
