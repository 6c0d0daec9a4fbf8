-- Jobs, their images, the attempts at them, what was detected, and what is to be dispatched.
-- Every id is a UUIDv7, so that the order of ids is the order of creation.

CREATE TABLE jobs (
    id         uuid PRIMARY KEY,
    owner      text NOT NULL,
    policy     jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX jobs_by_owner ON jobs (owner, id);

-- One picture of a job. The result columns are those of the last attempt that was published; they change
-- in one statement together with the state. open_attempt_id names the one attempt that may write here next:
-- every publication compares it and clears it, so that a doubled or late worker changes nothing.
CREATE TABLE images (
    id                uuid PRIMARY KEY,
    job_id            uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    position          integer NOT NULL,
    name              text NOT NULL,
    original_key      text NOT NULL UNIQUE,
    original_etag     text NOT NULL,
    original_bytes    bigint NOT NULL,
    state             text NOT NULL DEFAULT 'queued'
                      CHECK (state IN ('queued', 'processing', 'published', 'needs_review', 'failed', 'deleted')),
    open_attempt_id   uuid,
    error_code        text,
    error_message     text,
    result_attempt_id uuid,
    result_key        text,
    result_media_type text,
    result_bytes      bigint,
    result_sha256     text,
    original_sha256   text,
    width_px          integer,
    height_px         integer,
    faces             integer,
    policy            jsonb,
    model             jsonb,
    processing_ms     real,
    created_at        timestamptz NOT NULL DEFAULT now(),
    finished_at       timestamptz,
    UNIQUE (job_id, position),
    CHECK (state <> 'published' OR result_key IS NOT NULL)
);
CREATE INDEX images_of_job_by_state ON images (job_id, state);
CREATE INDEX images_for_statistics ON images (created_at) INCLUDE (job_id, state, error_code, faces, processing_ms);
CREATE INDEX images_underway ON images (open_attempt_id) WHERE open_attempt_id IS NOT NULL;

-- What one flow run carries. policy is the job's, or what a re-run puts in its place; rerun_id ties together
-- the batches of one re-run, so that what is left of it can be cancelled.
CREATE TABLE batches (
    id          uuid PRIMARY KEY,
    job_id      uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
    queue       text NOT NULL CHECK (queue IN ('interactive', 'backlog')),
    policy      jsonb NOT NULL,
    flow_run_id uuid,
    rerun_id    uuid,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX batches_of_job ON batches (job_id);
CREATE INDEX batches_of_rerun ON batches (rerun_id) WHERE rerun_id IS NOT NULL;

-- One try at one image. outcome stays null while it is under way.
CREATE TABLE attempts (
    id            uuid PRIMARY KEY,
    image_id      uuid NOT NULL REFERENCES images ON DELETE CASCADE,
    batch_id      uuid NOT NULL REFERENCES batches ON DELETE CASCADE,
    number        integer NOT NULL,
    outcome       text CHECK (outcome IN ('published', 'needs_review', 'failed', 'retried', 'given_up')),
    error_code    text,
    error_message text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    finished_at   timestamptz,
    UNIQUE (image_id, number)
);
CREATE INDEX attempts_of_batch ON attempts (batch_id);

-- Boxes of an attempt, in pixels of the upright photograph. destroyed is false for candidates under the
-- threshold, which are kept as evidence.
CREATE TABLE detections (
    attempt_id uuid NOT NULL REFERENCES attempts ON DELETE CASCADE,
    ordinal    integer NOT NULL,
    x1         real NOT NULL,
    y1         real NOT NULL,
    x2         real NOT NULL,
    y2         real NOT NULL,
    score      real NOT NULL,
    destroyed  boolean NOT NULL,
    PRIMARY KEY (attempt_id, ordinal)
);

-- Flow runs still to be created. A row is written in the transaction that makes its batch and leaves with
-- the proof that Prefect has the run.
CREATE TABLE outbox (
    batch_id   uuid PRIMARY KEY REFERENCES batches ON DELETE CASCADE,
    not_before timestamptz NOT NULL DEFAULT now(),
    tries      integer NOT NULL DEFAULT 0,
    last_error text
);
CREATE INDEX outbox_by_time ON outbox (not_before);
