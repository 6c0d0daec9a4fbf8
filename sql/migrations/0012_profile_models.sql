-- Which model each profile uses at present. A worker records it when it starts; the worker that started last counts.
-- So the API and the command can tell which results another model made, without loading a model.

CREATE TABLE profile_models (
    profile     text PRIMARY KEY,
    sha256      text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
