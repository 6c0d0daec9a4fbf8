-- Statistics by the release and the model that made a result.

-- squawk-ignore ban-drop-constraint
ALTER TABLE tallies DROP CONSTRAINT tallies_pkey;
ALTER TABLE tallies ADD CONSTRAINT tallies_pkey PRIMARY KEY USING INDEX tallies_by_release;

-- Settled images count by model too, but only once their release is known: a change takes from the figures exactly what
-- was added to them, also before this migration.
CREATE OR REPLACE FUNCTION tally_images() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE FUNCTION fold_tallies() RETURNS bigint LANGUAGE plpgsql AS $$
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

-- Like that with seven parameters, which the release before uses.
CREATE FUNCTION tallies_of(
    of_clock text, since timestamptz, until timestamptz, of_owner text, of_profile text, of_state text, with_labels jsonb,
    of_model text, of_release text
) RETURNS SETOF tallies LANGUAGE sql STABLE AS $$
    SELECT * FROM current_tallies
    WHERE clock = of_clock AND (since IS NULL OR hour >= since) AND (until IS NULL OR hour < until)
      AND (of_profile IS NULL OR profile = of_profile) AND (of_state IS NULL OR state = of_state)
      AND (of_model IS NULL OR model_sha256 = of_model) AND (of_release IS NULL OR made_by_version = of_release)
      AND ((of_owner IS NULL AND with_labels IS NULL) OR cohort_id IN (
          SELECT id FROM cohorts
          WHERE (of_owner IS NULL OR owner = of_owner) AND (with_labels IS NULL OR labels @> with_labels)))
$$;

-- The release and the model of the detection that was judged. The model is that of the image's result at the time of the
-- decision; where a re-run has replaced it before this migration, it is not known.
ALTER TABLE verdicts ADD COLUMN made_by_version text NOT NULL DEFAULT '';
ALTER TABLE verdicts ADD COLUMN model_sha256 text NOT NULL DEFAULT '';

CREATE OR REPLACE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$
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

UPDATE verdicts SET made_by_version = coalesce(detecting.blurline_version, '0.1.0'), model_sha256 = CASE
    WHEN EXISTS (
        SELECT FROM attempts AS later
        WHERE later.image_id = images.id AND later.number > detecting.number AND later.correction IS NULL
          AND later.outcome IN ('published', 'held')
    ) THEN '' ELSE coalesce(images.model ->> 'sha256', '') END
FROM attempts AS detecting JOIN images ON images.id = detecting.image_id
WHERE detecting.id = verdicts.attempt_id;
