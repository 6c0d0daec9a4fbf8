-- Imports from buckets of other stores. Their images name the object that is their original; original_key is then only
-- the place of its previews.

ALTER TABLE images ADD COLUMN source text;
ALTER TABLE images ADD COLUMN source_key text;

CREATE TABLE imports (
    id             uuid        PRIMARY KEY,
    name           text        NOT NULL UNIQUE,
    source         text        NOT NULL,
    owner          text        NOT NULL,   -- of its jobs
    destination    text,
    request        jsonb       NOT NULL,   -- prefix, filters, preset, labels and size of jobs, as last asked
    policy         jsonb       NOT NULL,
    started_by     text        NOT NULL,
    state          text        NOT NULL DEFAULT 'running'
                   CHECK (state IN ('running', 'paused', 'cancelled', 'completed')),
    message        text,                   -- what a running import waits for
    cursor_key     text,                   -- the last key of this pass over the source
    listed         bigint      NOT NULL DEFAULT 0,   -- objects of this pass
    matched        bigint      NOT NULL DEFAULT 0,
    known          bigint      NOT NULL DEFAULT 0,   -- of those, imported before
    imported       bigint      NOT NULL DEFAULT 0,   -- of all passes
    imported_bytes bigint      NOT NULL DEFAULT 0,
    lease_id       uuid,                   -- the flow run that lists
    leased_until   timestamptz,
    not_before     timestamptz NOT NULL DEFAULT now(),
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    finished_at    timestamptz
);

-- What an import has taken. object_hash is the SHA-256 of key and etag: no file's name outlives its image here.
CREATE TABLE imported_objects (
    import_id   uuid  NOT NULL REFERENCES imports ON DELETE CASCADE,
    object_hash bytea NOT NULL,
    image_id    uuid  NOT NULL,
    PRIMARY KEY (import_id, object_hash)
);

CREATE TABLE import_jobs (
    import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    job_id    uuid NOT NULL,
    PRIMARY KEY (import_id, job_id)
);
