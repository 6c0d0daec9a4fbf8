-- A queue for a picture that somebody waits for: a correction, or a job of one picture, unless it is large.
-- squawk-ignore ban-drop-constraint
ALTER TABLE batches DROP CONSTRAINT batches_queue_check;
ALTER TABLE batches ADD CONSTRAINT batches_queue_check CHECK (queue IN ('express', 'interactive', 'backlog')) NOT VALID;
