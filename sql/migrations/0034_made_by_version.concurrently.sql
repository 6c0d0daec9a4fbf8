-- The results whose release `note_releases` has yet to take from their attempts, and the coming key of the tallies.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_without_release ON images (id)
    WHERE result_attempt_id IS NOT NULL AND made_by_version IS NULL;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS tallies_by_release
    ON tallies (clock, hour, cohort_id, profile, state, error_code, model_name, model_sha256, made_by_version);
