-- Flow runs to cancel in Prefect because their work was called off: another outbox, so that nobody waits for Prefect.

CREATE TABLE flow_run_cancellations (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id    uuid        NOT NULL, -- no foreign key: it outlives a deleted job
    flow_run_id uuid,                 -- as far as it was known when the row was written
    message     text        NOT NULL,
    tries       integer     NOT NULL DEFAULT 0,
    not_before  timestamptz NOT NULL DEFAULT now()
);
