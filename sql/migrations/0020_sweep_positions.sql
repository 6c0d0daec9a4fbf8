-- Where the sweep stopped in each bucket, so that the next run goes on there. No row: it starts at the beginning.

CREATE TABLE sweep_positions (
    bucket     text        PRIMARY KEY,
    key        text,                    -- the last object that was compared
    place      text,                    -- and its place in the order of the rows
    objects    bigint      NOT NULL,    -- what this pass has seen so far
    images     bigint      NOT NULL,
    orphans    bigint      NOT NULL,
    is_done    boolean     NOT NULL,    -- it has reached the end and waits for the other bucket
    updated_at timestamptz NOT NULL DEFAULT now()
);
