-- Removals of deleted images' objects that the store has refused. A removal is tried again at not_before, with growing
-- pauses, and its row leaves when it succeeds. A table of its own: claims of earlier releases do not read it, and counting
-- its rows reads no others.

CREATE TABLE removal_failures (
    deletion_id uuid NOT NULL REFERENCES deletions ON DELETE CASCADE,
    image_id    uuid NOT NULL,
    tries       integer NOT NULL,
    not_before  timestamptz NOT NULL,
    last_error  text NOT NULL,
    failed_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (deletion_id, image_id)
);
