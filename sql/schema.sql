-- The present schema, for reading. Written by `make docs` from the migrations; never edit or apply it.
-- The numbers name the migrations that create or change an object. Their comments say what it is for.

-- Tables

-- 0001, 0002, 0005, 0009, 0019, 0031
CREATE TABLE attempts (
    id               uuid        NOT NULL,
    image_id         uuid        NOT NULL,
    batch_id         uuid        NOT NULL,
    number           integer     NOT NULL,
    outcome          text,
    error_code       text,
    error_message    text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    started_at       timestamptz,
    finished_at      timestamptz,
    correction       jsonb,
    blurline_version text,
    started_by       text,
    findings         jsonb,
    CONSTRAINT attempts_pkey PRIMARY KEY (id),
    CONSTRAINT attempts_image_id_number_key UNIQUE (image_id, number),
    CONSTRAINT attempts_outcome_check CHECK (outcome = ANY (ARRAY['published', 'held', 'needs_review', 'failed', 'retried', 'given_up'])),
    CONSTRAINT attempts_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(id) ON DELETE CASCADE,
    CONSTRAINT attempts_image_id_fkey FOREIGN KEY (image_id) REFERENCES images(id) ON DELETE CASCADE
);
CREATE INDEX attempts_fruitless ON attempts (finished_at) INCLUDE (outcome, error_code)
    WHERE outcome = ANY (ARRAY['retried', 'given_up']);
CREATE INDEX attempts_of_batch ON attempts (batch_id);
CREATE INDEX attempts_waiting ON attempts (batch_id) WHERE outcome IS NULL AND started_at IS NULL;

-- 0001, 0030
CREATE TABLE batches (
    id          uuid        NOT NULL,
    job_id      uuid        NOT NULL,
    queue       text        NOT NULL,
    policy      jsonb       NOT NULL,
    flow_run_id uuid,
    rerun_id    uuid,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT batches_pkey PRIMARY KEY (id),
    CONSTRAINT batches_queue_check CHECK (queue = ANY (ARRAY['express', 'interactive', 'backlog'])) NOT VALID,
    CONSTRAINT batches_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE
);
CREATE INDEX batches_of_job ON batches (job_id);
CREATE INDEX batches_of_rerun ON batches (rerun_id) WHERE rerun_id IS NOT NULL;

-- 0006
CREATE TABLE changed_days (
    day              date   NOT NULL,
    version          bigint NOT NULL DEFAULT 1,
    exported_version bigint NOT NULL DEFAULT 0,
    CONSTRAINT changed_days_pkey PRIMARY KEY (day)
);

-- 0006
CREATE TABLE cohorts (
    id     bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    owner  text   NOT NULL,
    labels jsonb  NOT NULL,
    CONSTRAINT cohorts_pkey PRIMARY KEY (id)
);
CREATE INDEX cohorts_by_label ON cohorts USING gin (labels jsonb_path_ops);
CREATE UNIQUE INDEX cohorts_of_owner ON cohorts (owner, md5(labels::text));

-- 0005
CREATE TABLE decisions (
    id         uuid        NOT NULL,
    image_id   uuid        NOT NULL,
    attempt_id uuid,
    reviewer   text        NOT NULL,
    kind       text        NOT NULL,
    added      jsonb       NOT NULL DEFAULT '[]',
    dropped    jsonb       NOT NULL DEFAULT '[]',
    note       text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT decisions_pkey PRIMARY KEY (id),
    CONSTRAINT decisions_kind_check CHECK (kind = ANY (ARRAY['approved', 'rejected', 'corrected'])),
    CONSTRAINT decisions_image_id_fkey FOREIGN KEY (image_id) REFERENCES images(id) ON DELETE CASCADE
);
CREATE INDEX decisions_by_time ON decisions (created_at);
CREATE INDEX decisions_of_image ON decisions (image_id, created_at);
CREATE TRIGGER decision_judged AFTER INSERT ON decisions FOR EACH ROW EXECUTE FUNCTION judge();

-- 0004
CREATE TABLE deleted_images (
    deletion_id  uuid        NOT NULL,
    image_id     uuid        NOT NULL,
    original_key text        NOT NULL,
    not_before   timestamptz NOT NULL DEFAULT now(),
    again_at     timestamptz,
    CONSTRAINT deleted_images_pkey PRIMARY KEY (deletion_id, image_id),
    CONSTRAINT deleted_images_deletion_id_fkey FOREIGN KEY (deletion_id) REFERENCES deletions(id) ON DELETE CASCADE
);
CREATE INDEX deleted_images_by_key ON deleted_images (original_key);
CREATE INDEX deleted_images_by_time ON deleted_images (not_before);

-- 0008
CREATE TABLE deletion_grounds (
    deletion_id uuid             NOT NULL,
    parts       text             NOT NULL,
    reason      text             NOT NULL,
    audit_days  double precision,
    CONSTRAINT deletion_grounds_pkey PRIMARY KEY (deletion_id),
    CONSTRAINT deletion_grounds_parts_check CHECK (parts = ANY (ARRAY['all', 'originals', 'results'])),
    CONSTRAINT deletion_grounds_reason_check CHECK (reason = ANY (ARRAY['requested', 'expired'])),
    CONSTRAINT deletion_grounds_deletion_id_fkey FOREIGN KEY (deletion_id) REFERENCES deletions(id) ON DELETE CASCADE
);

-- 0004
CREATE TABLE deletions (
    id              uuid        NOT NULL,
    owner           text        NOT NULL,
    job_id          uuid        NOT NULL,
    image_id        uuid,
    requested_by    text        NOT NULL,
    images          integer     NOT NULL,
    objects_removed integer     NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    completed_at    timestamptz,
    CONSTRAINT deletions_pkey PRIMARY KEY (id)
);
CREATE INDEX deletions_by_end ON deletions (completed_at) WHERE completed_at IS NOT NULL;

-- 0032
CREATE TABLE destination_paths (
    destination  text NOT NULL,
    written_path text NOT NULL,
    source       text NOT NULL,
    path         text NOT NULL,
    CONSTRAINT destination_paths_pkey PRIMARY KEY (destination, written_path)
);
CREATE INDEX destination_paths_by_original ON destination_paths (destination, source, path);

-- 0028, 0032
CREATE TABLE destination_results (
    image_id      uuid        NOT NULL,
    destination   text        NOT NULL,
    path          text        NOT NULL,
    written_path  text,
    is_withdrawn  boolean     NOT NULL DEFAULT false,
    version       integer     NOT NULL DEFAULT 0,
    due_at        timestamptz,
    claimed_until timestamptz,
    tries         integer     NOT NULL DEFAULT 0,
    error         text,
    source        text        NOT NULL DEFAULT '',
    CONSTRAINT destination_results_pkey PRIMARY KEY (image_id)
);
CREATE INDEX destination_results_by_path ON destination_results (destination, path);
CREATE INDEX destination_results_due ON destination_results (due_at) WHERE due_at IS NOT NULL;

-- 0001, 0003, 0022
CREATE TABLE detections (
    attempt_id uuid    NOT NULL,
    ordinal    integer NOT NULL,
    x1         real    NOT NULL,
    y1         real    NOT NULL,
    x2         real    NOT NULL,
    y2         real    NOT NULL,
    score      real    NOT NULL,
    destroyed  boolean NOT NULL,
    frame      integer NOT NULL DEFAULT 0,
    class_name text    NOT NULL DEFAULT 'face',
    CONSTRAINT detections_pkey PRIMARY KEY (attempt_id, ordinal),
    CONSTRAINT detections_attempt_id_fkey FOREIGN KEY (attempt_id) REFERENCES attempts(id) ON DELETE CASCADE
);
CREATE TRIGGER detections_added AFTER INSERT ON detections REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION note_detections();

-- 0008
CREATE TABLE erasures (
    deletion_id  uuid        NOT NULL,
    image_id     uuid        NOT NULL,
    original_key text,
    result_key   text,
    record       jsonb       NOT NULL,
    confirmed_at timestamptz,
    CONSTRAINT erasures_pkey PRIMARY KEY (deletion_id, image_id),
    CONSTRAINT erasures_deletion_id_fkey FOREIGN KEY (deletion_id) REFERENCES deletions(id) ON DELETE CASCADE
);
CREATE INDEX erasures_unconfirmed ON erasures (image_id) WHERE confirmed_at IS NULL;

-- 0004
CREATE TABLE event_heads (
    owner   text   NOT NULL,
    removed bigint NOT NULL DEFAULT 0,
    CONSTRAINT event_heads_pkey PRIMARY KEY (owner)
);

-- 0004
CREATE TABLE events (
    owner      text        NOT NULL,
    sequence   bigint      NOT NULL,
    type       text        NOT NULL,
    job_id     uuid        NOT NULL,
    image_id   uuid,
    data       jsonb       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT events_pkey PRIMARY KEY (owner, sequence)
);
CREATE INDEX events_by_age ON events (created_at);
CREATE TRIGGER event_added AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION spread_event();
CREATE TRIGGER events_removed AFTER DELETE ON events REFERENCING OLD TABLE AS removed_events
    FOR EACH STATEMENT EXECUTE FUNCTION remember_removed_events();
CREATE CONSTRAINT TRIGGER job_finished AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW
    WHEN (new.image_id IS NOT NULL)
    EXECUTE FUNCTION tell_of_job();

-- 0015
CREATE TABLE flow_run_cancellations (
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    batch_id    uuid        NOT NULL,
    flow_run_id uuid,
    message     text        NOT NULL,
    tries       integer     NOT NULL DEFAULT 0,
    not_before  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT flow_run_cancellations_pkey PRIMARY KEY (id)
);

-- 0008
CREATE TABLE holds (
    id          uuid        NOT NULL,
    job_id      uuid        NOT NULL,
    image_id    uuid,
    reason      text        NOT NULL,
    placed_by   text        NOT NULL,
    placed_at   timestamptz NOT NULL DEFAULT now(),
    released_by text,
    released_at timestamptz,
    CONSTRAINT holds_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX holds_in_force ON holds (COALESCE(image_id, job_id)) WHERE released_at IS NULL;
CREATE INDEX holds_of_job ON holds (job_id, placed_at);

-- 0008
CREATE TABLE housekeeping (
    flow         text        NOT NULL,
    succeeded_at timestamptz NOT NULL DEFAULT now(),
    counts       jsonb       NOT NULL DEFAULT '{}',
    CONSTRAINT housekeeping_pkey PRIMARY KEY (flow)
);

-- 0004
CREATE TABLE idempotency_keys (
    owner        text        NOT NULL,
    key          text        NOT NULL,
    fingerprint  text        NOT NULL,
    lease_id     uuid        NOT NULL,
    leased_until timestamptz NOT NULL,
    answer       jsonb,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- 0001, 0002, 0003, 0004, 0006, 0008, 0022, 0027, 0031, 0033
CREATE TABLE images (
    id                 uuid        NOT NULL,
    job_id             uuid        NOT NULL,
    position           integer     NOT NULL,
    name               text        NOT NULL,
    original_key       text        NOT NULL,
    original_etag      text,
    original_bytes     bigint      NOT NULL,
    state              text        NOT NULL DEFAULT 'queued',
    open_attempt_id    uuid,
    error_code         text,
    error_message      text,
    result_attempt_id  uuid,
    result_key         text,
    result_media_type  text,
    result_bytes       bigint,
    result_sha256      text,
    original_sha256    text,
    width_px           integer,
    height_px          integer,
    faces              integer,
    policy             jsonb,
    model              jsonb,
    processing_ms      real,
    created_at         timestamptz NOT NULL DEFAULT now(),
    finished_at        timestamptz,
    doubt              real,
    doubt_reasons      jsonb,
    frames             integer,
    notes              jsonb       NOT NULL DEFAULT '[]',
    source_url         text,
    started_at         timestamptz,
    settled_at         timestamptz,
    stage_ms           jsonb,
    face_sizes         integer[],
    face_shares        integer[],
    face_scores        integer[],
    candidate_scores   integer[],
    original_gone_at   timestamptz,
    original_gone_why  text,
    result_gone_at     timestamptz,
    result_gone_why    text,
    others_found       jsonb,
    source             text,
    source_key         text,
    refused_attempt_id uuid,
    made_by_version    text,
    CONSTRAINT images_pkey PRIMARY KEY (id),
    CONSTRAINT images_job_id_position_key UNIQUE (job_id, "position"),
    CONSTRAINT images_original_key_key UNIQUE (original_key),
    CONSTRAINT images_check CHECK (state <> 'published' OR result_key IS NOT NULL),
    CONSTRAINT images_check1 CHECK (original_etag IS NOT NULL OR source_url IS NOT NULL),
    CONSTRAINT images_refused_check CHECK (state <> 'published' OR (refused_attempt_id = result_attempt_id) IS NOT TRUE) NOT VALID,
    CONSTRAINT images_state_check CHECK (state = ANY (ARRAY['queued', 'processing', 'published', 'needs_review', 'failed', 'deleted'])),
    CONSTRAINT images_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE
);
CREATE INDEX images_by_doubt ON images (state, COALESCE(doubt, 2::real) DESC, id DESC);
CREATE INDEX images_by_name ON images USING gin (name_trigrams('^^' || name));
CREATE INDEX images_by_original ON images (original_key COLLATE "C");
CREATE INDEX images_by_state ON images (state, id);
CREATE INDEX images_by_time ON images (created_at, id);
CREATE INDEX images_failed ON images (error_code) WHERE state = 'failed';
CREATE INDEX images_for_statistics ON images (created_at) INCLUDE (job_id, state, error_code, faces, processing_ms);
CREATE INDEX images_held ON images (error_code) INCLUDE (finished_at) WHERE state = 'needs_review';
CREATE INDEX images_missing_objects ON images (id) WHERE original_gone_why = 'missing' OR result_gone_why = 'missing';
CREATE INDEX images_of_job_by_state ON images (job_id, state);
CREATE INDEX images_open ON images (job_id) WHERE state = ANY (ARRAY['queued', 'processing']);
CREATE INDEX images_to_review ON images (COALESCE(doubt, 2::real) DESC, id DESC) WHERE state = 'needs_review';
CREATE INDEX images_underway ON images (open_attempt_id) WHERE open_attempt_id IS NOT NULL;
CREATE INDEX images_with_notes ON images USING gin (notes jsonb_path_ops) WHERE notes <> '[]';
CREATE INDEX images_with_original ON images (finished_at) INCLUDE (job_id) WHERE original_gone_at IS NULL;
CREATE INDEX images_with_others ON images (created_at) WHERE others_found IS NOT NULL;
CREATE INDEX images_with_result ON images (finished_at) INCLUDE (job_id)
    WHERE result_key IS NOT NULL AND result_gone_at IS NULL;
CREATE INDEX images_without_release ON images (id) WHERE result_attempt_id IS NOT NULL AND made_by_version IS NULL;
CREATE TRIGGER image_has_new_result BEFORE UPDATE OF result_attempt_id ON images
    FOR EACH ROW
    WHEN (new.result_attempt_id IS DISTINCT FROM old.result_attempt_id)
    EXECUTE FUNCTION forget_gone_result();
CREATE TRIGGER image_of_destination AFTER UPDATE OF state, result_attempt_id ON images
    FOR EACH ROW
    WHEN (new.source IS NOT NULL AND (new.state IS DISTINCT FROM old.state OR new.result_attempt_id IS DISTINCT FROM old.result_attempt_id))
    EXECUTE FUNCTION note_destination();
CREATE TRIGGER image_progresses BEFORE UPDATE OF state, result_attempt_id ON images
    FOR EACH ROW EXECUTE FUNCTION note_progress();
CREATE CONSTRAINT TRIGGER image_settled AFTER UPDATE OF state, result_attempt_id ON images DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW
    WHEN ((new.state = ANY (ARRAY['published', 'needs_review', 'failed'])) AND (old.state IS DISTINCT FROM new.state OR old.result_attempt_id IS DISTINCT FROM new.result_attempt_id))
    EXECUTE FUNCTION tell_of_image();
CREATE TRIGGER images_after_update AFTER UPDATE ON images REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_images('1');
CREATE TRIGGER images_before_update AFTER UPDATE ON images REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_images('-1');
CREATE TRIGGER images_deleted AFTER DELETE ON images REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_images('-1');
CREATE TRIGGER images_inserted AFTER INSERT ON images REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_images('1');

-- 0029
CREATE TABLE images_by_content (
    owner    text NOT NULL,
    preset   text NOT NULL,
    sha256   text NOT NULL,
    image_id uuid NOT NULL,
    CONSTRAINT images_by_content_pkey PRIMARY KEY (owner, preset, sha256),
    CONSTRAINT images_by_content_image_id_fkey FOREIGN KEY (image_id) REFERENCES images(id) ON DELETE CASCADE
);
CREATE INDEX images_by_content_of_image ON images_by_content (image_id);

-- 0027
CREATE TABLE import_jobs (
    import_id uuid NOT NULL,
    job_id    uuid NOT NULL,
    CONSTRAINT import_jobs_pkey PRIMARY KEY (import_id, job_id),
    CONSTRAINT import_jobs_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(id) ON DELETE CASCADE
);

-- 0027
CREATE TABLE imported_objects (
    import_id   uuid  NOT NULL,
    object_hash bytea NOT NULL,
    image_id    uuid  NOT NULL,
    CONSTRAINT imported_objects_pkey PRIMARY KEY (import_id, object_hash),
    CONSTRAINT imported_objects_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(id) ON DELETE CASCADE
);

-- 0027
CREATE TABLE imports (
    id             uuid        NOT NULL,
    name           text        NOT NULL,
    source         text        NOT NULL,
    owner          text        NOT NULL,
    destination    text,
    request        jsonb       NOT NULL,
    policy         jsonb       NOT NULL,
    started_by     text        NOT NULL,
    state          text        NOT NULL DEFAULT 'running',
    message        text,
    cursor_key     text,
    listed         bigint      NOT NULL DEFAULT 0,
    matched        bigint      NOT NULL DEFAULT 0,
    known          bigint      NOT NULL DEFAULT 0,
    imported       bigint      NOT NULL DEFAULT 0,
    imported_bytes bigint      NOT NULL DEFAULT 0,
    lease_id       uuid,
    leased_until   timestamptz,
    not_before     timestamptz NOT NULL DEFAULT now(),
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    finished_at    timestamptz,
    CONSTRAINT imports_pkey PRIMARY KEY (id),
    CONSTRAINT imports_name_key UNIQUE (name),
    CONSTRAINT imports_state_check CHECK (state = ANY (ARRAY['running', 'paused', 'cancelled', 'completed']))
);

-- 0001, 0004, 0006, 0008
CREATE TABLE jobs (
    id          uuid        NOT NULL,
    owner       text        NOT NULL,
    policy      jsonb       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    labels      jsonb       NOT NULL DEFAULT '{}',
    preset      text,
    traceparent text,
    finished_at timestamptz,
    cohort_id   bigint      NOT NULL,
    retention   jsonb       NOT NULL DEFAULT '{}',
    CONSTRAINT jobs_pkey PRIMARY KEY (id),
    CONSTRAINT jobs_cohort_id_fkey FOREIGN KEY (cohort_id) REFERENCES cohorts(id)
);
CREATE INDEX jobs_by_end ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_by_label ON jobs USING gin (labels jsonb_path_ops);
CREATE INDEX jobs_by_owner ON jobs (owner, id);
CREATE INDEX jobs_of_cohort ON jobs (cohort_id);
CREATE INDEX jobs_with_retention ON jobs (id) WHERE retention <> '{}';
CREATE TRIGGER job_joins_cohort BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION join_cohort();
CREATE TRIGGER job_takes_images BEFORE DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION delete_images_of_job();

-- 0005
CREATE TABLE looks (
    image_id  uuid        NOT NULL,
    reviewer  text        NOT NULL,
    looked_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT looks_image_id_fkey FOREIGN KEY (image_id) REFERENCES images(id) ON DELETE CASCADE
);
CREATE INDEX looks_of_image ON looks (image_id, looked_at);

CREATE TABLE migrations (
    name       text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT migrations_pkey PRIMARY KEY (name)
);

-- 0018
CREATE TABLE open_uploads (
    key        text        NOT NULL,
    owner      text        NOT NULL,
    bytes      bigint      NOT NULL,
    expires_at timestamptz NOT NULL,
    is_settled boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT open_uploads_pkey PRIMARY KEY (key)
);
CREATE INDEX open_uploads_by_age ON open_uploads (created_at);
CREATE INDEX open_uploads_of_owner ON open_uploads (owner, is_settled, expires_at);

-- 0001
CREATE TABLE outbox (
    batch_id   uuid        NOT NULL,
    not_before timestamptz NOT NULL DEFAULT now(),
    tries      integer     NOT NULL DEFAULT 0,
    last_error text,
    CONSTRAINT outbox_pkey PRIMARY KEY (batch_id),
    CONSTRAINT outbox_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(id) ON DELETE CASCADE
);
CREATE INDEX outbox_by_time ON outbox (not_before);

-- 0021
CREATE TABLE owner_holds (
    id          uuid        NOT NULL,
    owner       text        NOT NULL,
    reason      text        NOT NULL,
    placed_by   text        NOT NULL,
    placed_at   timestamptz NOT NULL DEFAULT now(),
    released_by text,
    released_at timestamptz,
    CONSTRAINT owner_holds_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX owner_holds_in_force ON owner_holds (owner) WHERE released_at IS NULL;
CREATE INDEX owner_holds_of_owner ON owner_holds (owner, placed_at);

-- 0004
CREATE TABLE presets (
    name        text        NOT NULL,
    description text        NOT NULL,
    policy      jsonb       NOT NULL,
    updated_by  text        NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT presets_pkey PRIMARY KEY (name)
);

-- 0012
CREATE TABLE profile_models (
    profile     text        NOT NULL,
    sha256      text        NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT profile_models_pkey PRIMARY KEY (profile)
);

-- 0016
CREATE TABLE removal_failures (
    deletion_id uuid        NOT NULL,
    image_id    uuid        NOT NULL,
    tries       integer     NOT NULL,
    not_before  timestamptz NOT NULL,
    last_error  text        NOT NULL,
    failed_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT removal_failures_pkey PRIMARY KEY (deletion_id, image_id),
    CONSTRAINT removal_failures_deletion_id_fkey FOREIGN KEY (deletion_id) REFERENCES deletions(id) ON DELETE CASCADE
);

-- 0005
CREATE TABLE review_claims (
    image_id uuid        NOT NULL,
    reviewer text        NOT NULL,
    until    timestamptz NOT NULL,
    CONSTRAINT review_claims_pkey PRIMARY KEY (image_id),
    CONSTRAINT review_claims_image_id_fkey FOREIGN KEY (image_id) REFERENCES images(id) ON DELETE CASCADE
);
CREATE INDEX review_claims_of_reviewer ON review_claims (reviewer);

-- 0017
CREATE TABLE sign_in_links (
    code_sha256 bytea       NOT NULL,
    owner       text        NOT NULL,
    scopes      text[]      NOT NULL,
    expires_at  timestamptz NOT NULL,
    CONSTRAINT sign_in_links_pkey PRIMARY KEY (code_sha256),
    CONSTRAINT sign_in_links_code_sha256_check CHECK (length(code_sha256) = 32)
);

-- 0020
CREATE TABLE sweep_positions (
    bucket     text        NOT NULL,
    key        text,
    place      text,
    objects    bigint      NOT NULL,
    images     bigint      NOT NULL,
    orphans    bigint      NOT NULL,
    is_done    boolean     NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sweep_positions_pkey PRIMARY KEY (bucket)
);

-- 0006, 0033, 0035
CREATE TABLE tallies (
    clock            text        NOT NULL,
    hour             timestamptz NOT NULL,
    cohort_id        bigint      NOT NULL,
    profile          text        NOT NULL,
    state            text        NOT NULL,
    error_code       text        NOT NULL,
    model_name       text        NOT NULL,
    model_sha256     text        NOT NULL,
    images           bigint      NOT NULL,
    faces            bigint      NOT NULL,
    started          bigint      NOT NULL,
    settled          bigint      NOT NULL,
    treated          bigint      NOT NULL,
    wait_us          bigint      NOT NULL,
    turnaround_us    bigint      NOT NULL,
    processing_us    bigint      NOT NULL,
    staged           bigint      NOT NULL,
    stage_us         bigint[]    NOT NULL,
    faces_per_image  bigint[]    NOT NULL,
    face_sizes       bigint[]    NOT NULL,
    face_shares      bigint[]    NOT NULL,
    face_scores      bigint[]    NOT NULL,
    candidate_scores bigint[]    NOT NULL,
    waits            bigint[]    NOT NULL,
    turnarounds      bigint[]    NOT NULL,
    processing_times bigint[]    NOT NULL,
    made_by_version  text        NOT NULL DEFAULT '',
    CONSTRAINT tallies_pkey PRIMARY KEY (clock, hour, cohort_id, profile, state, error_code, model_name, model_sha256, made_by_version),
    CONSTRAINT tallies_clock_check CHECK (clock = ANY (ARRAY['submitted', 'settled']))
);

-- 0006, 0033
CREATE TABLE tally_changes (
    clock            text        NOT NULL,
    hour             timestamptz NOT NULL,
    cohort_id        bigint      NOT NULL,
    profile          text        NOT NULL,
    state            text        NOT NULL,
    error_code       text        NOT NULL,
    model_name       text        NOT NULL,
    model_sha256     text        NOT NULL,
    images           bigint      NOT NULL,
    faces            bigint      NOT NULL,
    started          bigint      NOT NULL,
    settled          bigint      NOT NULL,
    treated          bigint      NOT NULL,
    wait_us          bigint      NOT NULL,
    turnaround_us    bigint      NOT NULL,
    processing_us    bigint      NOT NULL,
    staged           bigint      NOT NULL,
    stage_us         bigint[]    NOT NULL,
    faces_per_image  bigint[]    NOT NULL,
    face_sizes       bigint[]    NOT NULL,
    face_shares      bigint[]    NOT NULL,
    face_scores      bigint[]    NOT NULL,
    candidate_scores bigint[]    NOT NULL,
    waits            bigint[]    NOT NULL,
    turnarounds      bigint[]    NOT NULL,
    processing_times bigint[]    NOT NULL,
    made_by_version  text        NOT NULL DEFAULT ''
);

-- 0004
CREATE TABLE usage (
    owner  text   NOT NULL,
    day    date   NOT NULL,
    images bigint NOT NULL,
    bytes  bigint NOT NULL,
    CONSTRAINT usage_pkey PRIMARY KEY (owner, day)
);

-- 0004
CREATE TABLE users (
    id            text        NOT NULL,
    issuer        text        NOT NULL,
    subject       text        NOT NULL,
    name          text,
    email         text,
    quotas        jsonb       NOT NULL DEFAULT '{}',
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_id_check CHECK (length(id) <= 512)
);

-- 0006, 0035
CREATE TABLE verdicts (
    decision_id     uuid        NOT NULL,
    attempt_id      uuid,
    hour            timestamptz NOT NULL,
    cohort_id       bigint      NOT NULL,
    profile         text        NOT NULL,
    kind            text        NOT NULL,
    decided_at      timestamptz NOT NULL,
    waited_us       bigint,
    is_last         boolean     NOT NULL,
    faces_found     bigint[],
    false_boxes     bigint[],
    faces_missed    bigint[],
    made_by_version text        NOT NULL DEFAULT '',
    model_sha256    text        NOT NULL DEFAULT '',
    CONSTRAINT verdicts_pkey PRIMARY KEY (decision_id),
    CONSTRAINT verdicts_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES decisions(id) ON DELETE CASCADE
);
CREATE INDEX verdicts_by_hour ON verdicts (hour);
CREATE INDEX verdicts_of_attempt ON verdicts (attempt_id);

-- 0004
CREATE TABLE webhook_deliveries (
    id          uuid        NOT NULL DEFAULT gen_random_uuid(),
    webhook_id  uuid        NOT NULL,
    sequence    bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    type        text        NOT NULL,
    payload     jsonb       NOT NULL,
    state       text        NOT NULL DEFAULT 'pending',
    tries       integer     NOT NULL DEFAULT 0,
    not_before  timestamptz NOT NULL DEFAULT now(),
    last_status integer,
    last_error  text,
    last_try_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_deliveries_state_check CHECK (state = ANY (ARRAY['pending', 'delivered', 'given_up'])),
    CONSTRAINT webhook_deliveries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, not_before, sequence) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (webhook_id, sequence);

-- 0004
CREATE TABLE webhooks (
    id                    uuid        NOT NULL,
    owner                 text        NOT NULL,
    job_id                uuid,
    url                   text        NOT NULL,
    events                text[]      NOT NULL,
    secret                text        NOT NULL,
    previous_secret       text,
    previous_secret_until timestamptz,
    is_enabled            boolean     NOT NULL DEFAULT true,
    disabled_reason       text,
    failing_since         timestamptz,
    failures_in_a_row     integer     NOT NULL DEFAULT 0,
    busy_until            timestamptz NOT NULL DEFAULT now(),
    paused_until          timestamptz NOT NULL DEFAULT now(),
    created_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhooks_pkey PRIMARY KEY (id),
    CONSTRAINT webhooks_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE
);
CREATE INDEX webhooks_by_owner ON webhooks (owner, id);
CREATE INDEX webhooks_of_job ON webhooks (job_id) WHERE job_id IS NOT NULL;

-- Views

-- 0006, 0033
CREATE VIEW current_tallies AS
SELECT tallies.clock, tallies.hour, tallies.cohort_id, tallies.profile, tallies.state, tallies.error_code,
    tallies.model_name, tallies.model_sha256, tallies.images, tallies.faces, tallies.started, tallies.settled,
    tallies.treated, tallies.wait_us, tallies.turnaround_us, tallies.processing_us, tallies.staged,
    tallies.stage_us, tallies.faces_per_image, tallies.face_sizes, tallies.face_shares, tallies.face_scores,
    tallies.candidate_scores, tallies.waits, tallies.turnarounds, tallies.processing_times,
    tallies.made_by_version
   FROM tallies
UNION ALL
 SELECT tally_changes.clock, tally_changes.hour, tally_changes.cohort_id, tally_changes.profile,
    tally_changes.state, tally_changes.error_code, tally_changes.model_name, tally_changes.model_sha256,
    tally_changes.images, tally_changes.faces, tally_changes.started, tally_changes.settled,
    tally_changes.treated, tally_changes.wait_us, tally_changes.turnaround_us, tally_changes.processing_us,
    tally_changes.staged, tally_changes.stage_us, tally_changes.faces_per_image, tally_changes.face_sizes,
    tally_changes.face_shares, tally_changes.face_scores, tally_changes.candidate_scores, tally_changes.waits,
    tally_changes.turnarounds, tally_changes.processing_times, tally_changes.made_by_version
   FROM tally_changes;

-- Functions

-- 0004
CREATE FUNCTION add_event(event_owner text, event_type text, job uuid, image uuid, details jsonb)
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    last_removed bigint;
BEGIN
    -- Locked, not counted up: a job of 100,000 images that is cancelled would write as many versions of the row in one
    -- transaction, and walk past all of them each time.
    INSERT INTO event_heads (owner) VALUES (event_owner) ON CONFLICT DO NOTHING;
    SELECT removed INTO last_removed FROM event_heads WHERE owner = event_owner FOR UPDATE;
    INSERT INTO events (owner, sequence, type, job_id, image_id, data)
    SELECT event_owner, greatest(max(sequence), last_removed) + 1, event_type, job, image, details
    FROM events WHERE owner = event_owner;
END $$;

-- 0006
CREATE FUNCTION add_vectors(total bigint[], weight integer, given bigint[])
    RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    FOR at IN 1 .. cardinality(given) LOOP
        total[at] := coalesce(total[at], 0) + weight * given[at];
    END LOOP;
    RETURN total;
END $$;

-- 0006
CREATE FUNCTION bin_edges(figure text) RETURNS real[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE figure
        WHEN 'faces_per_image' THEN '{1,2,3,4,5,10,20,50}'::real[]
        WHEN 'face_sizes' THEN '{16,24,32,48,64,96,128,192,256,384,512,1024}'
        WHEN 'face_shares' THEN '{0.01,0.02,0.03,0.05,0.08,0.12,0.2,0.3,0.5}'
        WHEN 'face_scores' THEN
            '{0.05,0.1,0.15,0.2,0.25,0.3,0.35,0.4,0.45,0.5,0.55,0.6,0.65,0.7,0.75,0.8,0.85,0.9,0.95}'
        WHEN 'candidate_scores' THEN
            '{0.05,0.1,0.15,0.2,0.25,0.3,0.35,0.4,0.45,0.5,0.55,0.6,0.65,0.7,0.75,0.8,0.85,0.9,0.95}'
        WHEN 'waits' THEN '{0.5,1,2,5,10,30,60,300,1800,7200,86400}'
        WHEN 'turnarounds' THEN '{0.5,1,2,5,10,30,60,300,1800,7200,86400}'
        WHEN 'processing_times' THEN '{50,100,200,300,500,750,1000,1500,2000,3000,5000,10000,30000}'
        WHEN 'quality_sizes' THEN '{16,32,64,128,256}'
    END
$$;

-- 0013, 0021
CREATE FUNCTION can_expire(of_image uuid, of_job uuid, in_state text, open_attempt uuid, submitted_at timestamptz, attempt_s double precision, upload_s double precision)
    RETURNS SETOF boolean LANGUAGE sql STABLE AS $$
    SELECT true
    WHERE in_state IN ('published', 'failed') AND open_attempt IS NULL
      AND submitted_at < now() - upload_s * interval '1 second'
      AND NOT EXISTS (
          SELECT FROM attempts
          WHERE attempts.image_id = of_image AND started_at > now() - attempt_s * interval '1 second'
            AND (outcome IS NULL OR outcome IN ('retried', 'given_up')))
      AND NOT EXISTS (SELECT FROM review_claims WHERE review_claims.image_id = of_image AND until > now())
      AND NOT EXISTS (SELECT FROM holds_on(of_job, of_image))
$$;

-- 0006
CREATE FUNCTION delete_images_of_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM images WHERE job_id = OLD.id;
    RETURN OLD;
END $$;

-- 0006, 0035
CREATE FUNCTION fold_tallies() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    folded  bigint;
    touched bigint[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('blurline.fold_tallies')) THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM tally_changes RETURNING *
    ), days AS (
        INSERT INTO changed_days (day)
        SELECT DISTINCT (hour AT TIME ZONE 'UTC')::date FROM taken WHERE clock = 'submitted'
        ON CONFLICT (day) DO UPDATE SET version = changed_days.version + 1
    ), summed AS (
        INSERT INTO tallies
        SELECT clock, hour, cohort_id, profile, state, error_code, model_name, model_sha256, sum(images), sum(faces),
               sum(started), sum(settled), sum(treated), sum(wait_us), sum(turnaround_us), sum(processing_us), sum(staged),
               vector_sum(1, stage_us), vector_sum(1, faces_per_image), vector_sum(1, face_sizes),
               vector_sum(1, face_shares), vector_sum(1, face_scores), vector_sum(1, candidate_scores),
               vector_sum(1, waits), vector_sum(1, turnarounds), vector_sum(1, processing_times), made_by_version
        FROM taken
        GROUP BY clock, hour, cohort_id, profile, state, error_code, model_name, model_sha256, made_by_version
        ON CONFLICT (clock, hour, cohort_id, profile, state, error_code, model_name, model_sha256, made_by_version)
        DO UPDATE SET
            images = tallies.images + excluded.images,
            faces = tallies.faces + excluded.faces,
            started = tallies.started + excluded.started,
            settled = tallies.settled + excluded.settled,
            treated = tallies.treated + excluded.treated,
            wait_us = tallies.wait_us + excluded.wait_us,
            turnaround_us = tallies.turnaround_us + excluded.turnaround_us,
            processing_us = tallies.processing_us + excluded.processing_us,
            staged = tallies.staged + excluded.staged,
            stage_us = add_vectors(tallies.stage_us, 1, excluded.stage_us),
            faces_per_image = add_vectors(tallies.faces_per_image, 1, excluded.faces_per_image),
            face_sizes = add_vectors(tallies.face_sizes, 1, excluded.face_sizes),
            face_shares = add_vectors(tallies.face_shares, 1, excluded.face_shares),
            face_scores = add_vectors(tallies.face_scores, 1, excluded.face_scores),
            candidate_scores = add_vectors(tallies.candidate_scores, 1, excluded.candidate_scores),
            waits = add_vectors(tallies.waits, 1, excluded.waits),
            turnarounds = add_vectors(tallies.turnarounds, 1, excluded.turnarounds),
            processing_times = add_vectors(tallies.processing_times, 1, excluded.processing_times)
    )
    SELECT count(*), array_agg(DISTINCT cohort_id) FILTER (WHERE clock = 'submitted') INTO folded, touched FROM taken;
    DELETE FROM tallies WHERE images = 0 AND cohort_id = ANY(touched);
    DELETE FROM cohorts WHERE id IN (
        SELECT id FROM cohorts
        WHERE id = ANY(touched) AND NOT EXISTS (SELECT FROM jobs WHERE cohort_id = cohorts.id) FOR UPDATE SKIP LOCKED
    );
    RETURN folded;
END $$;

-- 0008
CREATE FUNCTION forget_gone_result() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.result_gone_at := NULL;
    NEW.result_gone_why := NULL;
    RETURN NEW;
END $$;

-- 0006
CREATE FUNCTION histogram(given real[], edges real[]) RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    counts bigint[] := array_fill(0::bigint, ARRAY[cardinality(edges) + 1]);
    each   real;
    bin    integer;
BEGIN
    IF given IS NOT NULL THEN
        FOREACH each IN ARRAY given LOOP
            IF each IS NOT NULL THEN
                bin := width_bucket(each, edges) + 1;
                counts[bin] := counts[bin] + 1;
            END IF;
        END LOOP;
    END IF;
    RETURN counts;
END $$;

-- 0006, 0022
CREATE FUNCTION histograms_of(attempt uuid, picture_side_px integer, OUT face_sizes integer[], OUT face_shares integer[], OUT face_scores integer[], OUT candidate_scores integer[])
    RETURNS record LANGUAGE sql STABLE AS $$
    SELECT histogram(array_agg(side) FILTER (WHERE destroyed), bin_edges('face_sizes'))::integer[],
           histogram(array_agg(side / picture_side_px::real) FILTER (WHERE destroyed),
                     bin_edges('face_shares'))::integer[],
           histogram(array_agg(score) FILTER (WHERE destroyed), bin_edges('face_scores'))::integer[],
           histogram(array_agg(score) FILTER (WHERE NOT destroyed), bin_edges('candidate_scores'))::integer[]
    FROM (SELECT greatest(x2 - x1, y2 - y1) AS side, score, destroyed
          FROM detections WHERE attempt_id = attempt AND class_name = 'face') AS boxes
    HAVING count(*) > 0
$$;

-- 0021
CREATE FUNCTION holds_on(of_job uuid, of_image uuid) RETURNS TABLE(image_id uuid, owner text) LANGUAGE sql STABLE AS $$
    SELECT holds.image_id, NULL::text FROM holds
    WHERE holds.job_id = of_job AND holds.released_at IS NULL
      AND (of_image IS NULL OR holds.image_id IS NULL OR holds.image_id = of_image)
    UNION ALL
    SELECT NULL::uuid, owner_holds.owner FROM jobs JOIN owner_holds ON owner_holds.owner = jobs.owner
    WHERE jobs.id = of_job AND owner_holds.released_at IS NULL
$$;

-- 0014
CREATE FUNCTION is_correction(of_attempt uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM attempts JOIN batches ON batches.id = attempts.batch_id
        WHERE attempts.id = of_attempt AND attempts.correction IS NOT NULL AND batches.rerun_id IS NULL)
$$;

-- 0006
CREATE FUNCTION join_cohort() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        SELECT id INTO NEW.cohort_id FROM cohorts
        WHERE owner = NEW.owner AND md5(labels::text) = md5(NEW.labels::text) FOR KEY SHARE;
        EXIT WHEN FOUND;
        INSERT INTO cohorts (owner, labels) VALUES (NEW.owner, NEW.labels) ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN NEW;
END $$;

-- 0006, 0035
CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    detector attempts;
    verdict  verdicts;
BEGIN
    SELECT detecting.* INTO detector
    FROM attempts AS looked_at
    JOIN attempts AS detecting ON detecting.image_id = looked_at.image_id AND detecting.number <= looked_at.number
    WHERE looked_at.id = NEW.attempt_id AND detecting.correction IS NULL AND detecting.outcome IN ('published', 'held')
    ORDER BY detecting.number DESC LIMIT 1;
    SELECT NEW.id, detector.id, date_trunc('hour', images.created_at, 'UTC'), jobs.cohort_id,
           coalesce(coalesce(batches.policy, images.policy, jobs.policy) ->> 'profile', ''), NEW.kind, NEW.created_at,
           (extract(epoch FROM NEW.created_at - coalesce(looked_at.finished_at, images.finished_at)) * 1e6)::bigint, true,
           NULL, NULL, NULL,
           CASE WHEN detector.id IS NOT NULL THEN coalesce(detector.blurline_version, '0.1.0') ELSE '' END,
           coalesce(images.model ->> 'sha256', '')
    INTO verdict
    FROM images JOIN jobs ON jobs.id = images.job_id
    LEFT JOIN attempts AS looked_at ON looked_at.id = NEW.attempt_id
    LEFT JOIN batches ON batches.id = detector.batch_id
    WHERE images.id = NEW.image_id;
    IF detector.id IS NOT NULL AND NEW.kind <> 'rejected' THEN
        SELECT * INTO verdict.faces_found, verdict.false_boxes, verdict.faces_missed
        FROM judge_detector(detector.id, NEW.attempt_id, NEW.added, NEW.dropped);
    END IF;
    UPDATE verdicts SET is_last = false WHERE attempt_id = detector.id AND is_last;
    INSERT INTO verdicts VALUES (verdict.*);
    RETURN NULL;
END $$;

-- 0006, 0022
CREATE FUNCTION judge_detector(detector uuid, attempt uuid, added jsonb, dropped jsonb, OUT faces_found bigint[], OUT false_boxes bigint[], OUT faces_missed bigint[])
    RETURNS record LANGUAGE sql STABLE AS $$
    WITH truth AS MATERIALIZED (
        SELECT row_number() OVER () AS id, *, greatest(x2 - x1, y2 - y1) AS side FROM true_faces(attempt, added, dropped)
    ), boxes AS MATERIALIZED (
        SELECT ordinal AS id, frame, x1, y1, x2, y2, greatest(x2 - x1, y2 - y1) AS side
        FROM detections WHERE attempt_id = detector AND destroyed AND class_name = 'face'
    ), pairs AS (
        SELECT truth.id AS truth_id, boxes.id AS box_id, shared / (
                   (truth.x2 - truth.x1) * (truth.y2 - truth.y1) + (boxes.x2 - boxes.x1) * (boxes.y2 - boxes.y1) - shared
               ) AS iou
        FROM truth JOIN boxes USING (frame)
        CROSS JOIN LATERAL (
            SELECT greatest(least(truth.x2, boxes.x2) - greatest(truth.x1, boxes.x1), 0)
                 * greatest(least(truth.y2, boxes.y2) - greatest(truth.y1, boxes.y1), 0) AS shared
        ) AS both_have
        WHERE shared > 0
    ), ranked AS (
        SELECT truth_id, box_id, row_number() OVER (PARTITION BY truth_id ORDER BY iou DESC, box_id) AS for_truth,
               row_number() OVER (PARTITION BY box_id ORDER BY iou DESC, truth_id) AS for_box
        FROM pairs WHERE iou >= 0.4
    ), matches AS (
        SELECT truth_id, box_id FROM ranked WHERE for_truth = 1 AND for_box = 1
    )
    SELECT (SELECT histogram(array_agg(side), bin_edges('quality_sizes'))
            FROM truth WHERE id IN (SELECT truth_id FROM matches)),
           (SELECT histogram(array_agg(side), bin_edges('quality_sizes'))
            FROM boxes WHERE id NOT IN (SELECT box_id FROM matches)),
           (SELECT histogram(array_agg(side), bin_edges('quality_sizes'))
            FROM truth WHERE id NOT IN (SELECT truth_id FROM matches))
$$;

-- 0014
CREATE FUNCTION lacks_marks(in_state text, open_attempt uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT in_state IN ('published', 'needs_review') AND is_correction(open_attempt)
$$;

-- 0025
CREATE FUNCTION name_trigrams(name text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT ARRAY(SELECT substr(lower(name), at, 3) FROM generate_series(1, length(lower(name)) - 2) AS at)
$$;

-- 0028
CREATE FUNCTION note_destination() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE destination_results SET due_at = now(), version = version + 1, tries = 0 WHERE image_id = NEW.id;
    IF FOUND THEN
        PERFORM pg_notify('blurline_destinations', '');
    END IF;
    RETURN NULL;
END $$;

-- 0006
CREATE FUNCTION note_detections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE images SET face_sizes = made.face_sizes, face_shares = made.face_shares, face_scores = made.face_scores,
        candidate_scores = made.candidate_scores
    FROM (SELECT DISTINCT attempt_id FROM added) AS told
    JOIN attempts ON attempts.id = told.attempt_id
    JOIN images AS found ON found.id = attempts.image_id AND found.result_attempt_id = attempts.id
    CROSS JOIN LATERAL histograms_of(attempts.id, greatest(found.width_px, found.height_px)) AS made
    WHERE images.id = found.id;
    RETURN NULL;
END $$;

-- 0006
CREATE FUNCTION note_progress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.started_at IS NULL AND NEW.state = 'processing' THEN
        NEW.started_at := now();
    END IF;
    IF NEW.settled_at IS NULL AND NEW.state NOT IN ('queued', 'processing') THEN
        NEW.settled_at := now();
    END IF;
    IF NEW.result_attempt_id IS DISTINCT FROM OLD.result_attempt_id THEN
        SELECT * INTO NEW.face_sizes, NEW.face_shares, NEW.face_scores, NEW.candidate_scores
        FROM histograms_of(NEW.result_attempt_id, greatest(NEW.width_px, NEW.height_px));
    END IF;
    RETURN NEW;
END $$;

-- 0006
CREATE FUNCTION rebuild_statistics() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE images SET face_sizes = made.face_sizes, face_shares = made.face_shares, face_scores = made.face_scores,
        candidate_scores = made.candidate_scores
    FROM images AS found
    CROSS JOIN LATERAL histograms_of(found.result_attempt_id, greatest(found.width_px, found.height_px)) AS made
    WHERE found.id = images.id AND found.result_attempt_id IS NOT NULL;
    TRUNCATE tallies, tally_changes;
    CREATE TEMPORARY TABLE counted (LIKE images) ON COMMIT DROP;
    CREATE TRIGGER counted AFTER INSERT ON counted REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_images('1');
    INSERT INTO counted SELECT * FROM images;
    DROP TABLE counted;
    PERFORM fold_tallies();
END $$;

-- 0004
CREATE FUNCTION remember_removed_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE event_heads SET removed = greatest(removed, gone.sequence)
    FROM (SELECT owner, max(sequence) AS sequence FROM removed_events GROUP BY owner) AS gone
    WHERE event_heads.owner = gone.owner;
    RETURN NULL;
END $$;

-- 0031
CREATE FUNCTION shows_a_mark(image uuid, attempt uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT added <> '[]' FROM decisions
    WHERE image_id = image AND kind = 'corrected' AND attempt_id IS NOT DISTINCT FROM attempt
    ORDER BY id DESC LIMIT 1
$$;

-- 0004
CREATE FUNCTION spread_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_deliveries (webhook_id, type, payload)
    SELECT webhooks.id, NEW.type, jsonb_build_object(
        'type', NEW.type,
        'timestamp', NEW.created_at,
        'data', NEW.data || jsonb_build_object(
            'job_id', NEW.job_id, 'image_id', NEW.image_id, 'sequence', NEW.sequence)
    )
    FROM webhooks
    WHERE webhooks.owner = NEW.owner AND webhooks.is_enabled AND NEW.type = ANY (webhooks.events)
      AND (webhooks.job_id IS NULL OR webhooks.job_id = NEW.job_id)
    FOR KEY SHARE;  -- one that is being deleted is waited for and then left out, and does not fail who adds the event
    IF FOUND THEN
        PERFORM pg_notify('blurline_webhooks', '');
    END IF;
    PERFORM pg_notify('blurline_events', NEW.owner);
    RETURN NULL;
END $$;

-- 0006
CREATE FUNCTION stages() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT '{download,resize,detect,nms,blur,upload}'::text[]
$$;

-- 0006, 0035
CREATE FUNCTION tallies_of(of_clock text, since timestamptz, until timestamptz, of_owner text, of_profile text, of_state text, with_labels jsonb)
    RETURNS SETOF tallies LANGUAGE sql STABLE AS $$
    SELECT * FROM current_tallies
    WHERE clock = of_clock AND (since IS NULL OR hour >= since) AND (until IS NULL OR hour < until)
      AND (of_profile IS NULL OR profile = of_profile) AND (of_state IS NULL OR state = of_state)
      AND ((of_owner IS NULL AND with_labels IS NULL) OR cohort_id IN (
          SELECT id FROM cohorts
          WHERE (of_owner IS NULL OR owner = of_owner) AND (with_labels IS NULL OR labels @> with_labels)))
$$;

-- 0006, 0035
CREATE FUNCTION tallies_of(of_clock text, since timestamptz, until timestamptz, of_owner text, of_profile text, of_state text, with_labels jsonb, of_model text, of_release text)
    RETURNS SETOF tallies LANGUAGE sql STABLE AS $$
    SELECT * FROM current_tallies
    WHERE clock = of_clock AND (since IS NULL OR hour >= since) AND (until IS NULL OR hour < until)
      AND (of_profile IS NULL OR profile = of_profile) AND (of_state IS NULL OR state = of_state)
      AND (of_model IS NULL OR model_sha256 = of_model) AND (of_release IS NULL OR made_by_version = of_release)
      AND ((of_owner IS NULL AND with_labels IS NULL) OR cohort_id IN (
          SELECT id FROM cohorts
          WHERE (of_owner IS NULL OR owner = of_owner) AND (with_labels IS NULL OR labels @> with_labels)))
$$;

-- 0006, 0035
CREATE FUNCTION tally_images() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    weight integer := TG_ARGV[0];
BEGIN
    INSERT INTO tally_changes
    SELECT 'submitted', hour, cohort_id, profile, state, error_code, model_name, model_sha256,
           weight * count(*), weight * coalesce(sum(faces), 0), weight * count(wait_us), weight * count(turnaround_us),
           weight * count(processing_us), weight * coalesce(sum(wait_us), 0), weight * coalesce(sum(turnaround_us), 0),
           weight * coalesce(sum(processing_us), 0), weight * count(stage_us),
           vector_sum(weight, stage_us),
           vector_sum(weight, CASE WHEN faces IS NOT NULL THEN histogram(ARRAY[faces], bin_edges('faces_per_image')) END),
           vector_sum(weight, face_sizes), vector_sum(weight, face_shares), vector_sum(weight, face_scores),
           vector_sum(weight, candidate_scores),
           vector_sum(weight, CASE WHEN wait_us IS NOT NULL THEN histogram(ARRAY[wait_us / 1e6], bin_edges('waits')) END),
           vector_sum(weight, CASE WHEN turnaround_us IS NOT NULL THEN
                              histogram(ARRAY[turnaround_us / 1e6], bin_edges('turnarounds')) END),
           vector_sum(weight, CASE WHEN processing_us IS NOT NULL THEN
                              histogram(ARRAY[processing_ms], bin_edges('processing_times')) END),
           made_by_version
    FROM (
        SELECT date_trunc('hour', changed.created_at, 'UTC') AS hour, jobs.cohort_id,
               coalesce(coalesce(changed.policy, jobs.policy) ->> 'profile', '') AS profile, changed.state,
               coalesce(changed.error_code, '') AS error_code, coalesce(changed.model ->> 'name', '') AS model_name,
               coalesce(changed.model ->> 'sha256', '') AS model_sha256,
               coalesce(changed.made_by_version, '') AS made_by_version, changed.faces, changed.processing_ms,
               changed.face_sizes, changed.face_shares, changed.face_scores, changed.candidate_scores,
               (extract(epoch FROM changed.started_at - changed.created_at) * 1e6)::bigint AS wait_us,
               (extract(epoch FROM changed.settled_at - changed.created_at) * 1e6)::bigint AS turnaround_us,
               (changed.processing_ms * 1e3)::bigint AS processing_us,
               CASE WHEN changed.stage_ms IS NOT NULL THEN ARRAY(
                   SELECT (coalesce((changed.stage_ms ->> stage)::float8, 0) * 1e3)::bigint
                   FROM unnest(stages()) WITH ORDINALITY AS each (stage, at) ORDER BY at
               ) END AS stage_us
        FROM changed JOIN jobs ON jobs.id = changed.job_id
    ) AS images
    GROUP BY hour, cohort_id, profile, state, error_code, model_name, model_sha256, made_by_version;

    INSERT INTO tally_changes
    SELECT 'settled', date_trunc('hour', changed.settled_at, 'UTC'), jobs.cohort_id,
           coalesce(coalesce(changed.policy, jobs.policy) ->> 'profile', ''), changed.state,
           coalesce(changed.error_code, ''),
           CASE WHEN changed.made_by_version IS NULL THEN '' ELSE coalesce(changed.model ->> 'name', '') END,
           CASE WHEN changed.made_by_version IS NULL THEN '' ELSE coalesce(changed.model ->> 'sha256', '') END,
           weight * count(*), weight * coalesce(sum(changed.faces), 0), 0, 0, 0, 0, 0, 0, 0,
           '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', coalesce(changed.made_by_version, '')
    FROM changed JOIN jobs ON jobs.id = changed.job_id
    WHERE changed.settled_at IS NOT NULL
    GROUP BY 2, 3, 4, 5, 6, 7, 8, changed.made_by_version;
    RETURN NULL;
END $$;

-- 0004, 0024
CREATE FUNCTION tell_of_image() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    job_owner text;
BEGIN
    SELECT owner INTO job_owner FROM jobs WHERE id = NEW.job_id;
    IF FOUND THEN
        PERFORM add_event(
            job_owner, 'image.' || NEW.state, NEW.job_id, NEW.id,
            jsonb_build_object(
                'faces_found', NEW.faces,
                'error_code', NEW.error_code,
                'notes', jsonb_path_query_array(NEW.notes, '$[*].code')
            )
        );
    END IF;
    RETURN NULL;
END $$;

-- 0004
CREATE FUNCTION tell_of_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM events
        WHERE owner = NEW.owner AND sequence = NEW.sequence + 1 AND job_id = NEW.job_id AND image_id IS NOT NULL
    ) THEN
        RETURN NULL;
    END IF;
    UPDATE jobs SET finished_at = now()
    WHERE id = NEW.job_id AND finished_at IS NULL
      AND NOT EXISTS (SELECT FROM images WHERE job_id = NEW.job_id AND state IN ('queued', 'processing'));
    IF FOUND THEN
        PERFORM add_event(NEW.owner, 'job.finished', NEW.job_id, NULL, '{}');
    END IF;
    RETURN NULL;
END $$;

-- 0022
CREATE FUNCTION true_boxes(attempt uuid, added jsonb, dropped jsonb)
    RETURNS TABLE(class_name text, frame integer, x1 real, y1 real, x2 real, y2 real) LANGUAGE sql STABLE AS $$
    SELECT class_name, frame, x1, y1, x2, y2 FROM detections
    WHERE attempt_id = attempt AND destroyed AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(dropped)
            AS gone (class_name text, frame integer, x1 real, y1 real, x2 real, y2 real)
        WHERE coalesce(gone.frame, 0) = detections.frame AND coalesce(gone.class_name, 'face') = detections.class_name
          AND greatest(abs(gone.x1 - detections.x1), abs(gone.y1 - detections.y1),
                       abs(gone.x2 - detections.x2), abs(gone.y2 - detections.y2)) < 0.01
    )
    UNION ALL
    SELECT coalesce(class_name, 'face'), coalesce(frame, 0), x1, y1, x2, y2
    FROM jsonb_to_recordset(added) AS drawn (class_name text, frame integer, x1 real, y1 real, x2 real, y2 real)
$$;

-- 0006, 0022
CREATE FUNCTION true_faces(attempt uuid, added jsonb, dropped jsonb)
    RETURNS TABLE(frame integer, x1 real, y1 real, x2 real, y2 real) LANGUAGE sql STABLE AS $$
    SELECT frame, x1, y1, x2, y2 FROM true_boxes(attempt, added, dropped) WHERE class_name = 'face'
$$;

-- 0006
CREATE AGGREGATE vector_sum(integer,bigint[]) (SFUNC = add_vectors, STYPE = bigint[], INITCOND = '{}');
