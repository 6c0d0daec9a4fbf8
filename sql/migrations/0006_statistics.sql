-- Figures that are ready when they are asked for, and true at every moment. Whoever changes an image writes, in the same
-- transaction, what that takes from and adds to the figures into tally_changes; nobody waits for anybody there. A fold
-- moves the changes into tallies every now and then; who asks adds both up.

-- The jobs of an owner with the same labels.
CREATE TABLE cohorts (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner  text NOT NULL,
    labels jsonb NOT NULL
);
CREATE UNIQUE INDEX cohorts_of_owner ON cohorts (owner, md5(labels::text));
CREATE INDEX cohorts_by_label ON cohorts USING gin (labels jsonb_path_ops);

INSERT INTO cohorts (owner, labels) SELECT DISTINCT owner, labels FROM jobs;
ALTER TABLE jobs ADD COLUMN cohort_id bigint REFERENCES cohorts;
UPDATE jobs SET cohort_id = cohorts.id FROM cohorts
WHERE cohorts.owner = jobs.owner AND md5(cohorts.labels::text) = md5(jobs.labels::text);
ALTER TABLE jobs ALTER COLUMN cohort_id SET NOT NULL;
CREATE INDEX jobs_of_cohort ON jobs (cohort_id);

-- started_at and settled_at are of the first time, whatever re-runs come later; stage_ms is how long each task took.
-- The histograms are those of the result's detections: longer sides in pixels and as a share of the picture's, scores of
-- what was destroyed and of what was not.
ALTER TABLE images
    ADD COLUMN started_at       timestamptz,
    ADD COLUMN settled_at       timestamptz,
    ADD COLUMN stage_ms         jsonb,
    ADD COLUMN face_sizes       integer[],
    ADD COLUMN face_shares      integer[],
    ADD COLUMN face_scores      integer[],
    ADD COLUMN candidate_scores integer[];
CREATE INDEX images_by_time ON images (created_at, id);

-- clock says what hour is of: the image was submitted in it, or settled in it for the first time (then images and faces
-- alone are counted). Histograms have a count for each bin of bin_edges; times are added up in microseconds.
CREATE TABLE tallies (
    clock            text NOT NULL CHECK (clock IN ('submitted', 'settled')),
    hour             timestamptz NOT NULL,
    cohort_id        bigint NOT NULL,
    profile          text NOT NULL,
    state            text NOT NULL,
    error_code       text NOT NULL,
    model_name       text NOT NULL,
    model_sha256     text NOT NULL,
    images           bigint NOT NULL,
    faces            bigint NOT NULL,
    started          bigint NOT NULL,
    settled          bigint NOT NULL,
    treated          bigint NOT NULL,
    wait_us          bigint NOT NULL,
    turnaround_us    bigint NOT NULL,
    processing_us    bigint NOT NULL,
    staged           bigint NOT NULL,
    stage_us         bigint[] NOT NULL,
    faces_per_image  bigint[] NOT NULL,
    face_sizes       bigint[] NOT NULL,
    face_shares      bigint[] NOT NULL,
    face_scores      bigint[] NOT NULL,
    candidate_scores bigint[] NOT NULL,
    waits            bigint[] NOT NULL,
    turnarounds      bigint[] NOT NULL,
    processing_times bigint[] NOT NULL
);
CREATE TABLE tally_changes (LIKE tallies);
ALTER TABLE tallies ADD PRIMARY KEY (clock, hour, cohort_id, profile, state, error_code, model_name, model_sha256);
CREATE VIEW current_tallies AS SELECT * FROM tallies UNION ALL SELECT * FROM tally_changes;

-- The days (UTC) in which images were submitted; version counts how often any of them has changed.
CREATE TABLE changed_days (
    day              date PRIMARY KEY,
    version          bigint NOT NULL DEFAULT 1,
    exported_version bigint NOT NULL DEFAULT 0
);

-- What a decision says of the detector: of the boxes that were destroyed by the last attempt that detected anything
-- (attempt_id), those that were faces (faces_found) and those that were none (false_boxes); and the faces that lacked a
-- box (faces_missed). By longer side; null where the decision says nothing of it. waited_us is how long the result was
-- held.
CREATE TABLE verdicts (
    decision_id  uuid PRIMARY KEY REFERENCES decisions ON DELETE CASCADE,
    attempt_id   uuid,
    hour         timestamptz NOT NULL,
    cohort_id    bigint NOT NULL,
    profile      text NOT NULL,
    kind         text NOT NULL,
    decided_at   timestamptz NOT NULL,
    waited_us    bigint,
    is_last      boolean NOT NULL,
    faces_found  bigint[],
    false_boxes  bigint[],
    faces_missed bigint[]
);
CREATE INDEX verdicts_by_hour ON verdicts (hour);
CREATE INDEX verdicts_of_attempt ON verdicts (attempt_id);

-- Histograms

-- Bins are half-open: the first lies below the first edge, the last begins with the last.
CREATE FUNCTION bin_edges(figure text) RETURNS real[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE figure
        WHEN 'faces_per_image' THEN '{1,2,3,4,5,10,20,50}'::real[]
        WHEN 'face_sizes' THEN '{16,24,32,48,64,96,128,192,256,384,512,1024}'
        WHEN 'face_shares' THEN '{0.01,0.02,0.03,0.05,0.08,0.12,0.2,0.3,0.5}'
        WHEN 'face_scores' THEN
            '{0.05,0.1,0.15,0.2,0.25,0.3,0.35,0.4,0.45,0.5,0.55,0.6,0.65,0.7,0.75,0.8,0.85,0.9,0.95}'
        WHEN 'candidate_scores' THEN
            '{0.05,0.1,0.15,0.2,0.25,0.3,0.35,0.4,0.45,0.5,0.55,0.6,0.65,0.7,0.75,0.8,0.85,0.9,0.95}'
        WHEN 'waits' THEN '{0.5,1,2,5,10,30,60,300,1800,7200,86400}'
        WHEN 'turnarounds' THEN '{0.5,1,2,5,10,30,60,300,1800,7200,86400}'
        WHEN 'processing_times' THEN '{50,100,200,300,500,750,1000,1500,2000,3000,5000,10000,30000}'
        WHEN 'quality_sizes' THEN '{16,32,64,128,256}'
    END
$$;

CREATE FUNCTION stages() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT '{download,resize,detect,nms,blur,upload}'::text[]
$$;

-- Values that are null are not counted.
CREATE FUNCTION histogram(given real[], edges real[]) RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    counts bigint[] := array_fill(0::bigint, ARRAY[cardinality(edges) + 1]);
    each   real;
    bin    integer;
BEGIN
    IF given IS NOT NULL THEN
        FOREACH each IN ARRAY given LOOP
            IF each IS NOT NULL THEN
                bin := width_bucket(each, edges) + 1;
                counts[bin] := counts[bin] + 1;
            END IF;
        END LOOP;
    END IF;
    RETURN counts;
END $$;

CREATE FUNCTION add_vectors(total bigint[], weight integer, given bigint[]) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    FOR at IN 1 .. cardinality(given) LOOP
        total[at] := coalesce(total[at], 0) + weight * given[at];
    END LOOP;
    RETURN total;
END $$;
CREATE AGGREGATE vector_sum(integer, bigint[]) (SFUNC = add_vectors, STYPE = bigint[], INITCOND = '{}');

CREATE FUNCTION histograms_of(
    attempt uuid, picture_side_px integer,
    OUT face_sizes integer[], OUT face_shares integer[], OUT face_scores integer[], OUT candidate_scores integer[]
) LANGUAGE sql STABLE AS $$
    SELECT histogram(array_agg(side) FILTER (WHERE destroyed), bin_edges('face_sizes'))::integer[],
           histogram(array_agg(side / picture_side_px::real) FILTER (WHERE destroyed),
                     bin_edges('face_shares'))::integer[],
           histogram(array_agg(score) FILTER (WHERE destroyed), bin_edges('face_scores'))::integer[],
           histogram(array_agg(score) FILTER (WHERE NOT destroyed), bin_edges('candidate_scores'))::integer[]
    FROM (SELECT greatest(x2 - x1, y2 - y1) AS side, score, destroyed FROM detections WHERE attempt_id = attempt) AS boxes
    HAVING count(*) > 0
$$;

-- Jobs and their cohorts

-- The cohort is locked, so that a fold that finds it empty at this moment leaves it.
CREATE FUNCTION join_cohort() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        SELECT id INTO NEW.cohort_id FROM cohorts
        WHERE owner = NEW.owner AND md5(labels::text) = md5(NEW.labels::text) FOR KEY SHARE;
        EXIT WHEN FOUND;
        INSERT INTO cohorts (owner, labels) VALUES (NEW.owner, NEW.labels) ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER job_joins_cohort BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION join_cohort();

-- While the job is still there to say whose the images were.
CREATE FUNCTION delete_images_of_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM images WHERE job_id = OLD.id;
    RETURN OLD;
END $$;
CREATE TRIGGER job_takes_images BEFORE DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION delete_images_of_job();

-- Images and what they add to the figures

CREATE FUNCTION note_progress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.started_at IS NULL AND NEW.state = 'processing' THEN
        NEW.started_at := now();
    END IF;
    IF NEW.settled_at IS NULL AND NEW.state NOT IN ('queued', 'processing') THEN
        NEW.settled_at := now();
    END IF;
    IF NEW.result_attempt_id IS DISTINCT FROM OLD.result_attempt_id THEN
        SELECT * INTO NEW.face_sizes, NEW.face_shares, NEW.face_scores, NEW.candidate_scores
        FROM histograms_of(NEW.result_attempt_id, greatest(NEW.width_px, NEW.height_px));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER image_progresses BEFORE UPDATE OF state, result_attempt_id ON images
FOR EACH ROW EXECUTE FUNCTION note_progress();

CREATE FUNCTION note_detections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE images SET face_sizes = made.face_sizes, face_shares = made.face_shares, face_scores = made.face_scores,
        candidate_scores = made.candidate_scores
    FROM (SELECT DISTINCT attempt_id FROM added) AS told
    JOIN attempts ON attempts.id = told.attempt_id
    JOIN images AS found ON found.id = attempts.image_id AND found.result_attempt_id = attempts.id
    CROSS JOIN LATERAL histograms_of(attempts.id, greatest(found.width_px, found.height_px)) AS made
    WHERE images.id = found.id;
    RETURN NULL;
END $$;
CREATE TRIGGER detections_added AFTER INSERT ON detections REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION note_detections();

-- Adds the images in `changed` to the figures, or (weight -1) takes them away.
CREATE FUNCTION tally_images() RETURNS trigger LANGUAGE plpgsql AS $$
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
                              histogram(ARRAY[processing_ms], bin_edges('processing_times')) END)
    FROM (
        SELECT date_trunc('hour', changed.created_at, 'UTC') AS hour, jobs.cohort_id,
               coalesce(coalesce(changed.policy, jobs.policy) ->> 'profile', '') AS profile, changed.state,
               coalesce(changed.error_code, '') AS error_code, coalesce(changed.model ->> 'name', '') AS model_name,
               coalesce(changed.model ->> 'sha256', '') AS model_sha256, changed.faces, changed.processing_ms,
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
    GROUP BY hour, cohort_id, profile, state, error_code, model_name, model_sha256;

    INSERT INTO tally_changes
    SELECT 'settled', date_trunc('hour', changed.settled_at, 'UTC'), jobs.cohort_id,
           coalesce(coalesce(changed.policy, jobs.policy) ->> 'profile', ''), changed.state,
           coalesce(changed.error_code, ''), '', '',
           weight * count(*), weight * coalesce(sum(changed.faces), 0), 0, 0, 0, 0, 0, 0, 0,
           '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'
    FROM changed JOIN jobs ON jobs.id = changed.job_id
    WHERE changed.settled_at IS NOT NULL
    GROUP BY 2, 3, 4, 5, 6;
    RETURN NULL;
END $$;
CREATE TRIGGER images_inserted AFTER INSERT ON images REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION tally_images('1');
CREATE TRIGGER images_before_update AFTER UPDATE ON images REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION tally_images('-1');
CREATE TRIGGER images_after_update AFTER UPDATE ON images REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION tally_images('1');
CREATE TRIGGER images_deleted AFTER DELETE ON images REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION tally_images('-1');

-- Moving changes into the tallies

-- One fold at a time; whoever comes meanwhile has nothing to do. Rows that have come to nothing go, and with the last of
-- a cohort's jobs the cohort.
CREATE FUNCTION fold_tallies() RETURNS bigint LANGUAGE plpgsql AS $$
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
               vector_sum(1, waits), vector_sum(1, turnarounds), vector_sum(1, processing_times)
        FROM taken GROUP BY clock, hour, cohort_id, profile, state, error_code, model_name, model_sha256
        ON CONFLICT (clock, hour, cohort_id, profile, state, error_code, model_name, model_sha256) DO UPDATE SET
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

-- The tallies of a clock from an hour up to another; what is null does not restrict.
CREATE FUNCTION tallies_of(
    of_clock text, since timestamptz, until timestamptz, of_owner text, of_profile text, of_state text, with_labels jsonb
) RETURNS SETOF tallies LANGUAGE sql STABLE AS $$
    SELECT * FROM current_tallies
    WHERE clock = of_clock AND (since IS NULL OR hour >= since) AND (until IS NULL OR hour < until)
      AND (of_profile IS NULL OR profile = of_profile) AND (of_state IS NULL OR state = of_state)
      AND ((of_owner IS NULL AND with_labels IS NULL) OR cohort_id IN (
          SELECT id FROM cohorts
          WHERE (of_owner IS NULL OR owner = of_owner) AND (with_labels IS NULL OR labels @> with_labels)))
$$;

-- Decisions and what they say of the detector

-- The faces of a picture as its reviewer left it: what the attempt destroyed, less what was dropped, and what was added.
CREATE FUNCTION true_faces(attempt uuid, added jsonb, dropped jsonb)
RETURNS TABLE (frame integer, x1 real, y1 real, x2 real, y2 real) LANGUAGE sql STABLE AS $$
    SELECT frame, x1, y1, x2, y2 FROM detections
    WHERE attempt_id = attempt AND destroyed AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset(dropped) AS gone (frame integer, x1 real, y1 real, x2 real, y2 real)
        WHERE coalesce(gone.frame, 0) = detections.frame
          AND greatest(abs(gone.x1 - detections.x1), abs(gone.y1 - detections.y1),
                       abs(gone.x2 - detections.x2), abs(gone.y2 - detections.y2)) < 0.01
    )
    UNION ALL
    SELECT coalesce(frame, 0), x1, y1, x2, y2
    FROM jsonb_to_recordset(added) AS drawn (frame integer, x1 real, y1 real, x2 real, y2 real)
$$;

-- A box found a face where each is the other's best match and they overlap by 0.4 (IoU): moving a box a little is no miss.
CREATE FUNCTION judge_detector(
    detector uuid, attempt uuid, added jsonb, dropped jsonb,
    OUT faces_found bigint[], OUT false_boxes bigint[], OUT faces_missed bigint[]
) LANGUAGE sql STABLE AS $$
    WITH truth AS MATERIALIZED (
        SELECT row_number() OVER () AS id, *, greatest(x2 - x1, y2 - y1) AS side FROM true_faces(attempt, added, dropped)
    ), boxes AS MATERIALIZED (
        SELECT ordinal AS id, frame, x1, y1, x2, y2, greatest(x2 - x1, y2 - y1) AS side
        FROM detections WHERE attempt_id = detector AND destroyed
    ), pairs AS (
        SELECT truth.id AS truth_id, boxes.id AS box_id, shared / (
                   (truth.x2 - truth.x1) * (truth.y2 - truth.y1) + (boxes.x2 - boxes.x1) * (boxes.y2 - boxes.y1) - shared
               ) AS iou
        FROM truth JOIN boxes USING (frame)
        CROSS JOIN LATERAL (
            SELECT greatest(least(truth.x2, boxes.x2) - greatest(truth.x1, boxes.x1), 0)
                 * greatest(least(truth.y2, boxes.y2) - greatest(truth.y1, boxes.y1), 0) AS shared
        ) AS both_have
        WHERE shared > 0
    ), ranked AS (
        SELECT truth_id, box_id, row_number() OVER (PARTITION BY truth_id ORDER BY iou DESC, box_id) AS for_truth,
               row_number() OVER (PARTITION BY box_id ORDER BY iou DESC, truth_id) AS for_box
        FROM pairs WHERE iou >= 0.4
    ), matches AS (
        SELECT truth_id, box_id FROM ranked WHERE for_truth = 1 AND for_box = 1
    )
    SELECT (SELECT histogram(array_agg(side), bin_edges('quality_sizes'))
            FROM truth WHERE id IN (SELECT truth_id FROM matches)),
           (SELECT histogram(array_agg(side), bin_edges('quality_sizes'))
            FROM boxes WHERE id NOT IN (SELECT box_id FROM matches)),
           (SELECT histogram(array_agg(side), bin_edges('quality_sizes'))
            FROM truth WHERE id NOT IN (SELECT truth_id FROM matches))
$$;

-- The last decision about a detection counts for the detector: one may correct what another has left. A rejection says
-- nothing of the boxes but that what was said before is not to be trusted.
CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$
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
           (extract(epoch FROM NEW.created_at - coalesce(looked_at.finished_at, images.finished_at)) * 1e6)::bigint, true
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
CREATE TRIGGER decision_judged AFTER INSERT ON decisions FOR EACH ROW EXECUTE FUNCTION judge();

-- All of it anew, from the images and their detections; for what was there before, and for whoever has filled the tables
-- with the triggers switched off.
CREATE FUNCTION rebuild_statistics() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE images SET face_sizes = made.face_sizes, face_shares = made.face_shares, face_scores = made.face_scores,
        candidate_scores = made.candidate_scores
    FROM images AS found
    CROSS JOIN LATERAL histograms_of(found.result_attempt_id, greatest(found.width_px, found.height_px)) AS made
    WHERE found.id = images.id AND found.result_attempt_id IS NOT NULL;
    TRUNCATE tallies, tally_changes;
    CREATE TEMPORARY TABLE counted (LIKE images) ON COMMIT DROP;
    CREATE TRIGGER counted AFTER INSERT ON counted REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_images('1');
    INSERT INTO counted SELECT * FROM images;
    DROP TABLE counted;
    PERFORM fold_tallies();
END $$;

UPDATE images SET
    settled_at = CASE WHEN state NOT IN ('queued', 'processing') THEN finished_at END,
    started_at = (SELECT min(started_at) FROM attempts WHERE image_id = images.id);
SELECT rebuild_statistics();
