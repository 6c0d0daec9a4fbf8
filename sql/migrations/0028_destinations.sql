-- Results that are also written to a destination. A row outlives its image until nothing of it is left there. The
-- trigger only notes that something is due: the store of the destination may be away for days.

CREATE TABLE destination_results (
    image_id      uuid        PRIMARY KEY,
    destination   text        NOT NULL,
    path          text        NOT NULL,   -- of the original in its source
    written_path  text,                   -- where its result lies in the destination
    is_withdrawn  boolean     NOT NULL DEFAULT false,   -- the image was deleted on request
    version       integer     NOT NULL DEFAULT 0,       -- counts changes of the image
    due_at        timestamptz,            -- null: nothing to do
    claimed_until timestamptz,            -- a process is writing or removing it
    tries         integer     NOT NULL DEFAULT 0,
    error         text
);
CREATE INDEX destination_results_due ON destination_results (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX destination_results_by_path ON destination_results (destination, path);

CREATE FUNCTION note_destination() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE destination_results SET due_at = now(), version = version + 1, tries = 0 WHERE image_id = NEW.id;
    IF FOUND THEN
        PERFORM pg_notify('blurline_destinations', '');
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER image_of_destination AFTER UPDATE OF state, result_attempt_id ON images
    FOR EACH ROW
    WHEN (NEW.source IS NOT NULL AND (NEW.state IS DISTINCT FROM OLD.state
          OR NEW.result_attempt_id IS DISTINCT FROM OLD.result_attempt_id))
    EXECUTE FUNCTION note_destination();
