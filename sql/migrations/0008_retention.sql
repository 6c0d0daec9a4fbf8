-- Retention: how long originals, results, rows and audit records are kept, what may not be deleted, and what of deleted
-- images is kept as a proof.

-- retention: what the submission asks for, in days: originals_days, results_days, rows_days, audit_days.
ALTER TABLE jobs ADD COLUMN retention jsonb NOT NULL DEFAULT '{}';

-- An object that the store has no more, and why: `expired` (its time was over) or `missing` (nobody knows).
ALTER TABLE images
    ADD COLUMN original_gone_at  timestamptz,
    ADD COLUMN original_gone_why text,
    ADD COLUMN result_gone_at    timestamptz,
    ADD COLUMN result_gone_why   text;

-- A new result is not gone, whichever version of a worker publishes it.
CREATE FUNCTION forget_gone_result() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.result_gone_at := NULL;
    NEW.result_gone_why := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER image_has_new_result BEFORE UPDATE OF result_attempt_id ON images
FOR EACH ROW WHEN (NEW.result_attempt_id IS DISTINCT FROM OLD.result_attempt_id)
EXECUTE FUNCTION forget_gone_result();

-- Who has forbidden, why and until when, to delete a job or (image_id) an image. Released holds stay as a record, also of
-- what is deleted.
CREATE TABLE holds (
    id          uuid PRIMARY KEY,
    job_id      uuid NOT NULL,
    image_id    uuid,
    reason      text NOT NULL,
    placed_by   text NOT NULL,
    placed_at   timestamptz NOT NULL DEFAULT now(),
    released_by text,
    released_at timestamptz
);
CREATE UNIQUE INDEX holds_in_force ON holds (coalesce(image_id, job_id)) WHERE released_at IS NULL;
CREATE INDEX holds_of_job ON holds (job_id, placed_at);

-- What a deletion was of and why; a table of its own, because earlier versions read every column of deletions. parts:
-- `all` (rows, originals and results), `originals` or `results` of images that stay. reason: `requested` or `expired`.
-- audit_days: how long the job asks for its record to be kept. Where there is no row, all of it was requested.
CREATE TABLE deletion_grounds (
    deletion_id uuid PRIMARY KEY REFERENCES deletions ON DELETE CASCADE,
    parts       text NOT NULL CHECK (parts IN ('all', 'originals', 'results')),
    reason      text NOT NULL CHECK (reason IN ('requested', 'expired')),
    audit_days  double precision
);

-- What was deleted of each image. record is what is kept of it: hashes, model, policy, counts of boxes, decisions.
-- confirmed_at: when the store was asked and had nothing more. original_key and result_key are null where that part
-- stays, or never was.
CREATE TABLE erasures (
    deletion_id  uuid NOT NULL REFERENCES deletions ON DELETE CASCADE,
    image_id     uuid NOT NULL,
    original_key text,
    result_key   text,
    record       jsonb NOT NULL,
    confirmed_at timestamptz,
    PRIMARY KEY (deletion_id, image_id)
);
CREATE INDEX erasures_unconfirmed ON erasures (image_id) WHERE confirmed_at IS NULL;

-- When each of the flows that keep order last got to its end, and what it did.
CREATE TABLE housekeeping (
    flow         text PRIMARY KEY,
    succeeded_at timestamptz NOT NULL DEFAULT now(),
    counts       jsonb NOT NULL DEFAULT '{}'
);
INSERT INTO housekeeping (flow) VALUES ('retention'), ('sweep');
