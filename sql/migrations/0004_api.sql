-- What the API needs to know of people and systems: users and their quotas, presets, idempotency keys, events,
-- webhooks and deletions.

-- Everyone who has presented a valid token. id is what jobs.owner holds: the subject of a token of the local issuer,
-- issuer#subject of any other, because subjects are unique within their issuer alone. quotas overrides the settings.
CREATE TABLE users (
    id            text PRIMARY KEY CHECK (length(id) <= 512),
    issuer        text NOT NULL,
    subject       text NOT NULL,
    name          text,
    email         text,
    quotas        jsonb NOT NULL DEFAULT '{}',
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now()
);

-- What an owner has submitted on a day (UTC). Deleting images gives nothing back.
CREATE TABLE usage (
    owner  text NOT NULL,
    day    date NOT NULL,
    images bigint NOT NULL,
    bytes  bigint NOT NULL,
    PRIMARY KEY (owner, day)
);

-- finished_at is when no image was under way for the first time. traceparent (W3C) ties the flow runs of a job to the
-- request that made it.
ALTER TABLE jobs
    ADD COLUMN labels      jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN preset      text,
    ADD COLUMN traceparent text,
    ADD COLUMN finished_at timestamptz;
CREATE INDEX jobs_by_label ON jobs USING gin (labels jsonb_path_ops);

-- An image that was submitted by its URL has no original, and hence no etag, until a worker has fetched it.
ALTER TABLE images
    ADD COLUMN source_url text,
    ALTER COLUMN original_etag DROP NOT NULL,
    ADD CHECK (original_etag IS NOT NULL OR source_url IS NOT NULL);
CREATE INDEX images_open ON images (job_id) WHERE state IN ('queued', 'processing');
CREATE INDEX images_to_review ON images (coalesce(doubt, 2) DESC, id DESC) WHERE state = 'needs_review';
CREATE INDEX images_by_state ON images (state, id);
CREATE INDEX images_failed ON images (error_code) WHERE state = 'failed';
CREATE INDEX attempts_waiting ON attempts (batch_id) WHERE outcome IS NULL AND started_at IS NULL;

UPDATE jobs SET finished_at = now()
WHERE NOT EXISTS (SELECT FROM images WHERE images.job_id = jobs.id AND state IN ('queued', 'processing'));

-- Policies with a name, beside those that come with Blurline.
CREATE TABLE presets (
    name        text PRIMARY KEY,
    description text NOT NULL,
    policy      jsonb NOT NULL,
    updated_by  text NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now()
);

-- answer stays null while the first request with the key is at work; whoever holds the lease may write it, in the
-- transaction that makes the job.
CREATE TABLE idempotency_keys (
    owner        text NOT NULL,
    key          text NOT NULL,
    fingerprint  text NOT NULL,
    lease_id     uuid NOT NULL,
    leased_until timestamptz NOT NULL,
    answer       jsonb,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Receipts of deletions, and what of them the store is still to be rid of. Objects are removed at once and, where a
-- worker was busy with the image and might yet store a result, a second time when it can no longer be.
CREATE TABLE deletions (
    id              uuid PRIMARY KEY,
    owner           text NOT NULL,
    job_id          uuid NOT NULL,
    image_id        uuid,
    requested_by    text NOT NULL,
    images          integer NOT NULL,
    objects_removed integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    completed_at    timestamptz
);
CREATE TABLE deleted_images (
    deletion_id  uuid NOT NULL REFERENCES deletions ON DELETE CASCADE,
    image_id     uuid NOT NULL,
    original_key text NOT NULL,
    not_before   timestamptz NOT NULL DEFAULT now(),
    again_at     timestamptz,
    PRIMARY KEY (deletion_id, image_id)
);
CREATE INDEX deleted_images_by_time ON deleted_images (not_before);
CREATE INDEX deleted_images_by_key ON deleted_images (original_key);

-- What happened to an owner's images, numbered without gaps and without doubt about the order: who adds one holds the
-- owner's row of event_heads until its transaction ends, so a reader who has seen n has seen all before n. Hence a
-- transaction settles images of one owner alone, or two could wait for each other. removed is the last number that is
-- not kept any more.
CREATE TABLE event_heads (
    owner   text PRIMARY KEY,
    removed bigint NOT NULL DEFAULT 0
);
CREATE TABLE events (
    owner      text NOT NULL,
    sequence   bigint NOT NULL,
    type       text NOT NULL,
    job_id     uuid NOT NULL,
    image_id   uuid,
    data       jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, sequence)
);
CREATE INDEX events_by_age ON events (created_at);

-- Where an owner wants to be told: of every job, or of one. busy_until is the lease of the sender that is at it;
-- paused_until how long it is left alone after a failure.
CREATE TABLE webhooks (
    id                    uuid PRIMARY KEY,
    owner                 text NOT NULL,
    job_id                uuid REFERENCES jobs ON DELETE CASCADE,
    url                   text NOT NULL,
    events                text[] NOT NULL,
    secret                text NOT NULL,
    previous_secret       text,
    previous_secret_until timestamptz,
    is_enabled            boolean NOT NULL DEFAULT true,
    disabled_reason       text,
    failing_since         timestamptz,
    failures_in_a_row     integer NOT NULL DEFAULT 0,
    busy_until            timestamptz NOT NULL DEFAULT now(),
    paused_until          timestamptz NOT NULL DEFAULT now(),
    created_at            timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhooks_by_owner ON webhooks (owner, id);
CREATE INDEX webhooks_of_job ON webhooks (job_id) WHERE job_id IS NOT NULL;

-- The outbox of webhooks and, once delivered or given up, their log.
CREATE TABLE webhook_deliveries (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    webhook_id  uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    sequence    bigint GENERATED ALWAYS AS IDENTITY,
    type        text NOT NULL,
    payload     jsonb NOT NULL,
    state       text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'given_up')),
    tries       integer NOT NULL DEFAULT 0,
    not_before  timestamptz NOT NULL DEFAULT now(),
    last_status integer,
    last_error  text,
    last_try_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, not_before, sequence) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (webhook_id, sequence);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);

CREATE FUNCTION add_event(event_owner text, event_type text, job uuid, image uuid, details jsonb) RETURNS void
LANGUAGE plpgsql AS $$
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

CREATE FUNCTION remember_removed_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE event_heads SET removed = greatest(removed, gone.sequence)
    FROM (SELECT owner, max(sequence) AS sequence FROM removed_events GROUP BY owner) AS gone
    WHERE event_heads.owner = gone.owner;
    RETURN NULL;
END $$;
CREATE TRIGGER events_removed AFTER DELETE ON events REFERENCING OLD TABLE AS removed_events
FOR EACH STATEMENT EXECUTE FUNCTION remember_removed_events();

-- Deferred to the end of the transaction, whoever settles an image: by then every image row that the transaction needs
-- is locked, so that waiting for the owner's head cannot close a circle.
CREATE FUNCTION tell_of_image() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    job_owner text;
BEGIN
    SELECT owner INTO job_owner FROM jobs WHERE id = NEW.job_id;
    IF FOUND THEN
        PERFORM add_event(
            job_owner, 'image.' || NEW.state, NEW.job_id, NEW.id,
            jsonb_build_object('faces_found', NEW.faces, 'error_code', NEW.error_code)
        );
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER image_settled AFTER UPDATE OF state, result_attempt_id ON images
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.state IN ('published', 'needs_review', 'failed')
      AND (OLD.state, OLD.result_attempt_id) IS DISTINCT FROM (NEW.state, NEW.result_attempt_id))
EXECUTE FUNCTION tell_of_image();

-- Of two transactions that settle the last images of a job, the second waits for the first at the owner's head and then
-- sees what it did. Deferred once more, so that it comes after the images' own events; the last of them asks for all.
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
CREATE CONSTRAINT TRIGGER job_finished AFTER INSERT ON events
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.image_id IS NOT NULL)
EXECUTE FUNCTION tell_of_job();

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
CREATE TRIGGER event_added AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION spread_event();
