SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.add_event(event_owner text, event_type text, job uuid, image uuid, details jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    last_removed bigint;
BEGIN
    -- Locked, not counted up: a job of 100,000 images that is cancelled would write as many versions of the row in one
    -- transaction, and walk past all of them each time.
    INSERT INTO event_heads (owner) VALUES (event_owner) ON CONFLICT DO NOTHING;
    SELECT removed INTO last_removed FROM event_heads WHERE owner = event_owner FOR UPDATE;
    INSERT INTO events (owner, sequence, type, job_id, image_id, data)
    SELECT event_owner, greatest(max(sequence), last_removed) + 1, event_type, job, image, details
    FROM events WHERE owner = event_owner;
END $$;
CREATE FUNCTION public.add_vectors(total bigint[], weight integer, given bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql IMMUTABLE STRICT
    AS $$
BEGIN
    FOR at IN 1 .. cardinality(given) LOOP
        total[at] := coalesce(total[at], 0) + weight * given[at];
    END LOOP;
    RETURN total;
END $$;
CREATE FUNCTION public.bin_edges(figure text) RETURNS real[]
    LANGUAGE sql IMMUTABLE
    AS $$
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
CREATE FUNCTION public.delete_images_of_job() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM images WHERE job_id = OLD.id;
    RETURN OLD;
END $$;
CREATE FUNCTION public.fold_tallies() RETURNS bigint
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.histogram(given real[], edges real[]) RETURNS bigint[]
    LANGUAGE plpgsql IMMUTABLE
    AS $$
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
CREATE FUNCTION public.histograms_of(attempt uuid, picture_side_px integer, OUT face_sizes integer[], OUT face_shares integer[], OUT face_scores integer[], OUT candidate_scores integer[]) RETURNS record
    LANGUAGE sql STABLE
    AS $$
    SELECT histogram(array_agg(side) FILTER (WHERE destroyed), bin_edges('face_sizes'))::integer[],
           histogram(array_agg(side / picture_side_px::real) FILTER (WHERE destroyed),
                     bin_edges('face_shares'))::integer[],
           histogram(array_agg(score) FILTER (WHERE destroyed), bin_edges('face_scores'))::integer[],
           histogram(array_agg(score) FILTER (WHERE NOT destroyed), bin_edges('candidate_scores'))::integer[]
    FROM (SELECT greatest(x2 - x1, y2 - y1) AS side, score, destroyed FROM detections WHERE attempt_id = attempt) AS boxes
    HAVING count(*) > 0
$$;
CREATE FUNCTION public.join_cohort() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    LOOP
        SELECT id INTO NEW.cohort_id FROM cohorts
        WHERE owner = NEW.owner AND md5(labels::text) = md5(NEW.labels::text) FOR KEY SHARE;
        EXIT WHEN FOUND;
        INSERT INTO cohorts (owner, labels) VALUES (NEW.owner, NEW.labels) ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN NEW;
END $$;
CREATE FUNCTION public.judge() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.judge_detector(detector uuid, attempt uuid, added jsonb, dropped jsonb, OUT faces_found bigint[], OUT false_boxes bigint[], OUT faces_missed bigint[]) RETURNS record
    LANGUAGE sql STABLE
    AS $$
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
CREATE FUNCTION public.note_detections() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.note_progress() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.rebuild_statistics() RETURNS void
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.remember_removed_events() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE event_heads SET removed = greatest(removed, gone.sequence)
    FROM (SELECT owner, max(sequence) AS sequence FROM removed_events GROUP BY owner) AS gone
    WHERE event_heads.owner = gone.owner;
    RETURN NULL;
END $$;
CREATE FUNCTION public.spread_event() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO webhook_deliveries (webhook_id, type, payload)
    SELECT webhooks.id, NEW.type, jsonb_build_object(
        'type', NEW.type,
        'timestamp', NEW.created_at,
        'data', NEW.data || jsonb_build_object(
            'job_id', NEW.job_id, 'image_id', NEW.image_id, 'sequence', NEW.sequence)
    )
    FROM webhooks
    WHERE webhooks.owner = NEW.owner AND webhooks.is_enabled AND NEW.type = ANY (webhooks.events)
      AND (webhooks.job_id IS NULL OR webhooks.job_id = NEW.job_id)
    FOR KEY SHARE;  -- one that is being deleted is waited for and then left out, and does not fail who adds the event
    IF FOUND THEN
        PERFORM pg_notify('blurline_webhooks', '');
    END IF;
    PERFORM pg_notify('blurline_events', NEW.owner);
    RETURN NULL;
END $$;
CREATE FUNCTION public.stages() RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT '{download,resize,detect,nms,blur,upload}'::text[]
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.tallies (
    clock text NOT NULL,
    hour timestamp with time zone NOT NULL,
    cohort_id bigint NOT NULL,
    profile text NOT NULL,
    state text NOT NULL,
    error_code text NOT NULL,
    model_name text NOT NULL,
    model_sha256 text NOT NULL,
    images bigint NOT NULL,
    faces bigint NOT NULL,
    started bigint NOT NULL,
    settled bigint NOT NULL,
    treated bigint NOT NULL,
    wait_us bigint NOT NULL,
    turnaround_us bigint NOT NULL,
    processing_us bigint NOT NULL,
    staged bigint NOT NULL,
    stage_us bigint[] NOT NULL,
    faces_per_image bigint[] NOT NULL,
    face_sizes bigint[] NOT NULL,
    face_shares bigint[] NOT NULL,
    face_scores bigint[] NOT NULL,
    candidate_scores bigint[] NOT NULL,
    waits bigint[] NOT NULL,
    turnarounds bigint[] NOT NULL,
    processing_times bigint[] NOT NULL,
    CONSTRAINT tallies_clock_check CHECK ((clock = ANY (ARRAY['submitted'::text, 'settled'::text])))
);
CREATE FUNCTION public.tallies_of(of_clock text, since timestamp with time zone, until timestamp with time zone, of_owner text, of_profile text, of_state text, with_labels jsonb) RETURNS SETOF public.tallies
    LANGUAGE sql STABLE
    AS $$
    SELECT * FROM current_tallies
    WHERE clock = of_clock AND (since IS NULL OR hour >= since) AND (until IS NULL OR hour < until)
      AND (of_profile IS NULL OR profile = of_profile) AND (of_state IS NULL OR state = of_state)
      AND ((of_owner IS NULL AND with_labels IS NULL) OR cohort_id IN (
          SELECT id FROM cohorts
          WHERE (of_owner IS NULL OR owner = of_owner) AND (with_labels IS NULL OR labels @> with_labels)))
$$;
CREATE FUNCTION public.tally_images() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.tell_of_image() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    job_owner text;
BEGIN
    SELECT owner INTO job_owner FROM jobs WHERE id = NEW.job_id;
    IF FOUND THEN
        PERFORM add_event(
            job_owner, 'image.' || NEW.state, NEW.job_id, NEW.id,
            jsonb_build_object('faces_found', NEW.faces, 'error_code', NEW.error_code)
        );
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.tell_of_job() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM events
        WHERE owner = NEW.owner AND sequence = NEW.sequence + 1 AND job_id = NEW.job_id AND image_id IS NOT NULL
    ) THEN
        RETURN NULL;
    END IF;
    UPDATE jobs SET finished_at = now()
    WHERE id = NEW.job_id AND finished_at IS NULL
      AND NOT EXISTS (SELECT FROM images WHERE job_id = NEW.job_id AND state IN ('queued', 'processing'));
    IF FOUND THEN
        PERFORM add_event(NEW.owner, 'job.finished', NEW.job_id, NULL, '{}');
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.true_faces(attempt uuid, added jsonb, dropped jsonb) RETURNS TABLE(frame integer, x1 real, y1 real, x2 real, y2 real)
    LANGUAGE sql STABLE
    AS $$
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
CREATE AGGREGATE public.vector_sum(integer, bigint[]) (
    SFUNC = public.add_vectors,
    STYPE = bigint[],
    INITCOND = '{}'
);
CREATE TABLE public.attempts (
    id uuid NOT NULL,
    image_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    number integer NOT NULL,
    outcome text,
    error_code text,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    correction jsonb,
    CONSTRAINT attempts_outcome_check CHECK ((outcome = ANY (ARRAY['published'::text, 'held'::text, 'needs_review'::text, 'failed'::text, 'retried'::text, 'given_up'::text])))
);
CREATE TABLE public.batches (
    id uuid NOT NULL,
    job_id uuid NOT NULL,
    queue text NOT NULL,
    policy jsonb NOT NULL,
    flow_run_id uuid,
    rerun_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT batches_queue_check CHECK ((queue = ANY (ARRAY['interactive'::text, 'backlog'::text])))
);
CREATE TABLE public.changed_days (
    day date NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    exported_version bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.cohorts (
    id bigint NOT NULL,
    owner text NOT NULL,
    labels jsonb NOT NULL
);
ALTER TABLE public.cohorts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.cohorts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.tally_changes (
    clock text CONSTRAINT tallies_clock_not_null NOT NULL,
    hour timestamp with time zone CONSTRAINT tallies_hour_not_null NOT NULL,
    cohort_id bigint CONSTRAINT tallies_cohort_id_not_null NOT NULL,
    profile text CONSTRAINT tallies_profile_not_null NOT NULL,
    state text CONSTRAINT tallies_state_not_null NOT NULL,
    error_code text CONSTRAINT tallies_error_code_not_null NOT NULL,
    model_name text CONSTRAINT tallies_model_name_not_null NOT NULL,
    model_sha256 text CONSTRAINT tallies_model_sha256_not_null NOT NULL,
    images bigint CONSTRAINT tallies_images_not_null NOT NULL,
    faces bigint CONSTRAINT tallies_faces_not_null NOT NULL,
    started bigint CONSTRAINT tallies_started_not_null NOT NULL,
    settled bigint CONSTRAINT tallies_settled_not_null NOT NULL,
    treated bigint CONSTRAINT tallies_treated_not_null NOT NULL,
    wait_us bigint CONSTRAINT tallies_wait_us_not_null NOT NULL,
    turnaround_us bigint CONSTRAINT tallies_turnaround_us_not_null NOT NULL,
    processing_us bigint CONSTRAINT tallies_processing_us_not_null NOT NULL,
    staged bigint CONSTRAINT tallies_staged_not_null NOT NULL,
    stage_us bigint[] CONSTRAINT tallies_stage_us_not_null NOT NULL,
    faces_per_image bigint[] CONSTRAINT tallies_faces_per_image_not_null NOT NULL,
    face_sizes bigint[] CONSTRAINT tallies_face_sizes_not_null NOT NULL,
    face_shares bigint[] CONSTRAINT tallies_face_shares_not_null NOT NULL,
    face_scores bigint[] CONSTRAINT tallies_face_scores_not_null NOT NULL,
    candidate_scores bigint[] CONSTRAINT tallies_candidate_scores_not_null NOT NULL,
    waits bigint[] CONSTRAINT tallies_waits_not_null NOT NULL,
    turnarounds bigint[] CONSTRAINT tallies_turnarounds_not_null NOT NULL,
    processing_times bigint[] CONSTRAINT tallies_processing_times_not_null NOT NULL
);
CREATE VIEW public.current_tallies AS
 SELECT tallies.clock,
    tallies.hour,
    tallies.cohort_id,
    tallies.profile,
    tallies.state,
    tallies.error_code,
    tallies.model_name,
    tallies.model_sha256,
    tallies.images,
    tallies.faces,
    tallies.started,
    tallies.settled,
    tallies.treated,
    tallies.wait_us,
    tallies.turnaround_us,
    tallies.processing_us,
    tallies.staged,
    tallies.stage_us,
    tallies.faces_per_image,
    tallies.face_sizes,
    tallies.face_shares,
    tallies.face_scores,
    tallies.candidate_scores,
    tallies.waits,
    tallies.turnarounds,
    tallies.processing_times
   FROM public.tallies
UNION ALL
 SELECT tally_changes.clock,
    tally_changes.hour,
    tally_changes.cohort_id,
    tally_changes.profile,
    tally_changes.state,
    tally_changes.error_code,
    tally_changes.model_name,
    tally_changes.model_sha256,
    tally_changes.images,
    tally_changes.faces,
    tally_changes.started,
    tally_changes.settled,
    tally_changes.treated,
    tally_changes.wait_us,
    tally_changes.turnaround_us,
    tally_changes.processing_us,
    tally_changes.staged,
    tally_changes.stage_us,
    tally_changes.faces_per_image,
    tally_changes.face_sizes,
    tally_changes.face_shares,
    tally_changes.face_scores,
    tally_changes.candidate_scores,
    tally_changes.waits,
    tally_changes.turnarounds,
    tally_changes.processing_times
   FROM public.tally_changes;
CREATE TABLE public.decisions (
    id uuid NOT NULL,
    image_id uuid NOT NULL,
    attempt_id uuid,
    reviewer text NOT NULL,
    kind text NOT NULL,
    added jsonb DEFAULT '[]'::jsonb NOT NULL,
    dropped jsonb DEFAULT '[]'::jsonb NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT decisions_kind_check CHECK ((kind = ANY (ARRAY['approved'::text, 'rejected'::text, 'corrected'::text])))
);
CREATE TABLE public.deleted_images (
    deletion_id uuid NOT NULL,
    image_id uuid NOT NULL,
    original_key text NOT NULL,
    not_before timestamp with time zone DEFAULT now() NOT NULL,
    again_at timestamp with time zone
);
CREATE TABLE public.deletions (
    id uuid NOT NULL,
    owner text NOT NULL,
    job_id uuid NOT NULL,
    image_id uuid,
    requested_by text NOT NULL,
    images integer NOT NULL,
    objects_removed integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone
);
CREATE TABLE public.detections (
    attempt_id uuid NOT NULL,
    ordinal integer NOT NULL,
    x1 real NOT NULL,
    y1 real NOT NULL,
    x2 real NOT NULL,
    y2 real NOT NULL,
    score real NOT NULL,
    destroyed boolean NOT NULL,
    frame integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.event_heads (
    owner text NOT NULL,
    removed bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.events (
    owner text NOT NULL,
    sequence bigint NOT NULL,
    type text NOT NULL,
    job_id uuid NOT NULL,
    image_id uuid,
    data jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.idempotency_keys (
    owner text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    lease_id uuid NOT NULL,
    leased_until timestamp with time zone NOT NULL,
    answer jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.images (
    id uuid NOT NULL,
    job_id uuid NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    original_key text NOT NULL,
    original_etag text,
    original_bytes bigint NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    open_attempt_id uuid,
    error_code text,
    error_message text,
    result_attempt_id uuid,
    result_key text,
    result_media_type text,
    result_bytes bigint,
    result_sha256 text,
    original_sha256 text,
    width_px integer,
    height_px integer,
    faces integer,
    policy jsonb,
    model jsonb,
    processing_ms real,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    doubt real,
    doubt_reasons jsonb,
    frames integer,
    notes jsonb DEFAULT '[]'::jsonb NOT NULL,
    source_url text,
    started_at timestamp with time zone,
    settled_at timestamp with time zone,
    stage_ms jsonb,
    face_sizes integer[],
    face_shares integer[],
    face_scores integer[],
    candidate_scores integer[],
    CONSTRAINT images_check CHECK (((state <> 'published'::text) OR (result_key IS NOT NULL))),
    CONSTRAINT images_check1 CHECK (((original_etag IS NOT NULL) OR (source_url IS NOT NULL))),
    CONSTRAINT images_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'processing'::text, 'published'::text, 'needs_review'::text, 'failed'::text, 'deleted'::text])))
);
CREATE TABLE public.jobs (
    id uuid NOT NULL,
    owner text NOT NULL,
    policy jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    preset text,
    traceparent text,
    finished_at timestamp with time zone,
    cohort_id bigint NOT NULL
);
CREATE TABLE public.looks (
    image_id uuid NOT NULL,
    reviewer text NOT NULL,
    looked_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.migrations (
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.outbox (
    batch_id uuid NOT NULL,
    not_before timestamp with time zone DEFAULT now() NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    last_error text
);
CREATE TABLE public.presets (
    name text NOT NULL,
    description text NOT NULL,
    policy jsonb NOT NULL,
    updated_by text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.review_claims (
    image_id uuid NOT NULL,
    reviewer text NOT NULL,
    until timestamp with time zone NOT NULL
);
CREATE TABLE public.usage (
    owner text NOT NULL,
    day date NOT NULL,
    images bigint NOT NULL,
    bytes bigint NOT NULL
);
CREATE TABLE public.users (
    id text NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    name text,
    email text,
    quotas jsonb DEFAULT '{}'::jsonb NOT NULL,
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT users_id_check CHECK ((length(id) <= 512))
);
CREATE TABLE public.verdicts (
    decision_id uuid NOT NULL,
    attempt_id uuid,
    hour timestamp with time zone NOT NULL,
    cohort_id bigint NOT NULL,
    profile text NOT NULL,
    kind text NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    waited_us bigint,
    is_last boolean NOT NULL,
    faces_found bigint[],
    false_boxes bigint[],
    faces_missed bigint[]
);
CREATE TABLE public.webhook_deliveries (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    webhook_id uuid NOT NULL,
    sequence bigint NOT NULL,
    type text NOT NULL,
    payload jsonb NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone DEFAULT now() NOT NULL,
    last_status integer,
    last_error text,
    last_try_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT webhook_deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'given_up'::text])))
);
ALTER TABLE public.webhook_deliveries ALTER COLUMN sequence ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.webhook_deliveries_sequence_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.webhooks (
    id uuid NOT NULL,
    owner text NOT NULL,
    job_id uuid,
    url text NOT NULL,
    events text[] NOT NULL,
    secret text NOT NULL,
    previous_secret text,
    previous_secret_until timestamp with time zone,
    is_enabled boolean DEFAULT true NOT NULL,
    disabled_reason text,
    failing_since timestamp with time zone,
    failures_in_a_row integer DEFAULT 0 NOT NULL,
    busy_until timestamp with time zone DEFAULT now() NOT NULL,
    paused_until timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
INSERT INTO public.attempts VALUES
	('01a213e0-d03f-7482-858c-ad3c06dc8884', '01a213e0-d037-709b-9bdc-bf26125c39ad', '01a213e0-d054-7145-9c54-b0d596945dfb', 1, 'published', NULL, NULL, '2026-11-25 18:03:50.205203+00', '2026-11-25 18:03:52.524902+00', '2026-11-25 18:03:54.605115+00', NULL),
	('01a213e0-d03f-7482-858c-ad3d46858493', '01a213e0-d03a-7186-bba7-4d565b0ae661', '01a213e0-d054-7145-9c54-b0d6744fdb3f', 1, 'published', NULL, NULL, '2026-11-25 18:03:50.205203+00', '2026-11-25 18:03:55.674521+00', '2026-11-25 18:03:57.309246+00', NULL),
	('01a213e0-d03f-7482-858c-ad3ee27fd100', '01a213e0-d03c-766c-9eed-95256f07312b', '01a213e0-d054-7145-9c54-b0d7f06498a7', 1, 'published', NULL, NULL, '2026-11-25 18:03:50.205203+00', '2026-11-25 18:03:59.074272+00', '2026-11-25 18:04:00.190697+00', NULL),
	('01a213e0-fc12-7579-a6ed-3cf1efacfae7', '01a213e0-fc00-7293-b008-f22ca835ba26', '01a213e0-fc1d-71ee-9689-46179cb5dacc', 1, 'held', 'review_asked', 'Held because its policy has every result reviewed.', '2026-11-25 18:04:01.423459+00', '2026-11-25 18:04:04.153161+00', '2026-11-25 18:04:05.182898+00', NULL),
	('01a213e0-fc12-7579-a6ed-3cf2725ffb4a', '01a213e0-fc02-77d9-ba75-915b1d9d1660', '01a213e0-fc1d-71ee-9689-4618856afac9', 1, 'held', 'review_asked', 'Held because its policy has every result reviewed.', '2026-11-25 18:04:01.423459+00', '2026-11-25 18:04:06.630482+00', '2026-11-25 18:04:07.68148+00', NULL),
	('01a213e0-fc12-7579-a6ed-3cf3a5b978d0', '01a213e0-fc04-7782-8fed-ad524f881110', '01a213e0-fc1d-71ee-9689-46192c2a18fc', 1, 'held', 'review_asked', 'Held because its policy has every result reviewed.', '2026-11-25 18:04:01.423459+00', '2026-11-25 18:04:10.455184+00', '2026-11-25 18:04:11.412842+00', NULL),
	('01a213e0-fc12-7579-a6ed-3cf4585e3272', '01a213e0-fc06-7013-b6c0-44cdabdec2ec', '01a213e0-fc1d-71ee-9689-461a49288963', 1, 'held', 'review_asked', 'Held because its policy has every result reviewed.', '2026-11-25 18:04:01.423459+00', '2026-11-25 18:04:12.62145+00', '2026-11-25 18:04:13.715526+00', NULL),
	('01a213e1-2d9b-77f3-a00f-aa0c9bb495f2', '01a213e0-fc04-7782-8fed-ad524f881110', '01a213e1-2d9b-77f3-a00f-aa0df7b869d0', 2, 'published', NULL, NULL, '2026-11-25 18:04:14.095667+00', '2026-11-25 18:04:15.884149+00', '2026-11-25 18:04:16.218387+00', '{"leave": [{"x1": 169.26166, "x2": 341.67206, "y1": 117.300385, "y2": 328.8122, "frame": 0, "score": 0.90384513}], "destroy": [{"x1": 10.0, "x2": 60.0, "y1": 10.0, "y2": 60.0, "frame": 0, "score": 1.0}], "is_held": false}'),
	('01a213e1-2e2f-724a-8fe3-e53031d2d6cc', '01a213e1-2e2e-73c4-a42c-c59c6dd6c603', '01a213e1-2e33-704b-804e-99612f435067', 1, 'failed', 'unreadable_picture', 'The JPEG picture is damaged or cut short and cannot be decoded (image file is truncated (12 bytes not processed)). Export or upload it again.', '2026-11-25 18:04:14.254834+00', '2026-11-25 18:04:18.300008+00', '2026-11-25 18:04:18.457312+00', NULL),
	('01a213e1-3f1b-7432-83e4-2aa222ef6f62', '01a213e0-d037-709b-9bdc-bf26125c39ad', '01a213e1-3f1b-7432-83e4-2aa5f6e70d39', 2, 'published', NULL, NULL, '2026-11-25 18:04:18.584693+00', '2026-11-25 18:04:19.833159+00', '2026-11-25 18:04:20.957471+00', NULL),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', '01a213e0-d03a-7186-bba7-4d565b0ae661', '01a213e1-3f1b-7432-83e4-2aa6343ec2b7', 2, 'published', NULL, NULL, '2026-11-25 18:04:18.584693+00', '2026-11-25 18:04:22.764485+00', '2026-11-25 18:04:23.885903+00', NULL),
	('01a213e1-3f1b-7432-83e4-2aa4784f9d40', '01a213e0-d03c-766c-9eed-95256f07312b', '01a213e1-3f1b-7432-83e4-2aa7bfab113b', 2, 'published', NULL, NULL, '2026-11-25 18:04:18.584693+00', '2026-11-25 18:04:25.267574+00', '2026-11-25 18:04:26.250307+00', NULL),
	('01a213e1-5db9-72c1-b988-87672698f19d', '01a213e1-5db7-734f-90c5-82a2a9f213f9', '01a213e1-5dba-73cb-84ea-f4cd2d3bee2d', 1, 'published', NULL, NULL, '2026-11-25 18:04:26.423744+00', '2026-11-25 18:04:30.10566+00', '2026-11-25 18:04:31.110807+00', NULL),
	('01a213e1-7ce6-75c0-ad89-aa9082902d6f', '01a213e1-7ce1-744a-8272-5f03defcfc1b', '01a213e1-7cef-7191-baca-47c6974e42f3', 1, 'given_up', 'job_cancelled', 'The job was cancelled; nothing was published.', '2026-11-25 18:04:34.404998+00', NULL, '2026-11-25 18:04:34.433336+00', NULL),
	('01a213e1-7d48-7388-80ea-97da28fc3a10', '01a213e1-7d45-7359-9ce8-1c26a392432d', '01a213e1-7d51-7345-a783-197c7cf4af64', 1, NULL, NULL, NULL, '2026-11-25 18:04:34.503639+00', NULL, NULL, NULL),
	('01a213e1-7d48-7388-80ea-97dba6e163cb', '01a213e1-7d47-7323-b92b-0a1f81e1e90d', '01a213e1-7d51-7345-a783-197da94a8ff1', 1, NULL, NULL, NULL, '2026-11-25 18:04:34.503639+00', NULL, NULL, NULL),
	('01a213e1-7d75-7455-9254-f1db4a54d201', '01a213e1-5db7-734f-90c5-82a2a9f213f9', '01a213e1-7d75-7455-9254-f1dcabf86abd', 2, NULL, NULL, NULL, '2026-11-25 18:04:34.548207+00', NULL, NULL, NULL);
INSERT INTO public.batches VALUES
	('01a213e0-d054-7145-9c54-b0d596945dfb', '01a213e0-d03f-7482-858c-ad3ba28cf732', 'interactive', '{"exact": false, "style": "solid", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '2e66bf69-8b4e-420b-b2cc-8ff2a3388d69', NULL, '2026-11-25 18:03:50.205203+00'),
	('01a213e0-d054-7145-9c54-b0d6744fdb3f', '01a213e0-d03f-7482-858c-ad3ba28cf732', 'interactive', '{"exact": false, "style": "solid", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', 'f2dfc694-ffb4-47c4-a65e-c1de5cf06745', NULL, '2026-11-25 18:03:50.205203+00'),
	('01a213e0-d054-7145-9c54-b0d7f06498a7', '01a213e0-d03f-7482-858c-ad3ba28cf732', 'interactive', '{"exact": false, "style": "solid", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '049ec5cc-110f-467a-8a52-53e7eab5f6ef', NULL, '2026-11-25 18:03:50.205203+00'),
	('01a213e0-fc1d-71ee-9689-46179cb5dacc', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', 'interactive', '{"exact": false, "style": "pixelate", "review": "always", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '9a4544b9-72da-45ec-8780-5e1fbd74196b', NULL, '2026-11-25 18:04:01.423459+00'),
	('01a213e0-fc1d-71ee-9689-4618856afac9', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', 'interactive', '{"exact": false, "style": "pixelate", "review": "always", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', 'a6f10145-5fbb-446f-9d0d-6cee627b9205', NULL, '2026-11-25 18:04:01.423459+00'),
	('01a213e0-fc1d-71ee-9689-46192c2a18fc', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', 'interactive', '{"exact": false, "style": "pixelate", "review": "always", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '33f6b73a-992a-4232-acc9-5386644d973b', NULL, '2026-11-25 18:04:01.423459+00'),
	('01a213e0-fc1d-71ee-9689-461a49288963', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', 'interactive', '{"exact": false, "style": "pixelate", "review": "always", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', 'fda69b5e-9069-48ad-8ebb-149a0c1a707e', NULL, '2026-11-25 18:04:01.423459+00'),
	('01a213e1-2d9b-77f3-a00f-aa0df7b869d0', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', 'interactive', '{"exact": false, "style": "pixelate", "review": "always", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', 'dd637c2a-f296-40b3-b8f3-2c2d60293965', NULL, '2026-11-25 18:04:14.095667+00'),
	('01a213e1-2e33-704b-804e-99612f435067', '01a213e1-2e2f-724a-8fe3-e52f50dce8c0', 'interactive', '{"exact": false, "style": "pixelate", "review": "never", "classes": [0], "padding": 0.4, "profile": "standard", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '3f24eb67-1b44-456f-b530-f5621970e757', NULL, '2026-11-25 18:04:14.254834+00'),
	('01a213e1-3f1b-7432-83e4-2aa5f6e70d39', '01a213e0-d03f-7482-858c-ad3ba28cf732', 'backlog', '{"exact": false, "style": "blur", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '62088568-a665-49e9-a722-b8b00dab2206', '01a213e1-3f18-712f-8fdc-47930a188c57', '2026-11-25 18:04:18.584693+00'),
	('01a213e1-3f1b-7432-83e4-2aa6343ec2b7', '01a213e0-d03f-7482-858c-ad3ba28cf732', 'backlog', '{"exact": false, "style": "blur", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '4d7581af-38e6-41e5-9d41-813e0ae8dda8', '01a213e1-3f18-712f-8fdc-47930a188c57', '2026-11-25 18:04:18.584693+00'),
	('01a213e1-3f1b-7432-83e4-2aa7bfab113b', '01a213e0-d03f-7482-858c-ad3ba28cf732', 'backlog', '{"exact": false, "style": "blur", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '39cac2a8-2594-4bdc-8b97-06708035f49c', '01a213e1-3f18-712f-8fdc-47930a188c57', '2026-11-25 18:04:18.584693+00'),
	('01a213e1-5dba-73cb-84ea-f4cc9a15b4ae', '01a213e1-5db9-72c1-b988-876504f6841a', 'interactive', '{"exact": false, "style": "pixelate", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', 'b72a91f4-920e-4e4e-8223-f0d676d12931', NULL, '2026-11-25 18:04:26.423744+00'),
	('01a213e1-5dba-73cb-84ea-f4cd2d3bee2d', '01a213e1-5db9-72c1-b988-876504f6841a', 'interactive', '{"exact": false, "style": "pixelate", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', 'b44f82aa-d5a8-49c6-aec3-21db0a42c5d1', NULL, '2026-11-25 18:04:26.423744+00'),
	('01a213e1-7cef-7191-baca-47c6974e42f3', '01a213e1-7ce6-75c0-ad89-aa8f51f9c153', 'interactive', '{"exact": false, "style": "pixelate", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', NULL, NULL, '2026-11-25 18:04:34.404998+00'),
	('01a213e1-7d51-7345-a783-197c7cf4af64', '01a213e1-7d48-7388-80ea-97d93ba50a0c', 'interactive', '{"exact": false, "style": "pixelate", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '9fca531b-f7d8-4465-8e56-d29c10accc31', NULL, '2026-11-25 18:04:34.503639+00'),
	('01a213e1-7d75-7455-9254-f1dcabf86abd', '01a213e1-5db9-72c1-b988-876504f6841a', 'backlog', '{"exact": false, "style": "pixelate", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', 'ae15f50b-076d-49e8-95df-6885b349e6b6', '01a213e1-7d75-7455-9254-f1da74e62513', '2026-11-25 18:04:34.548207+00'),
	('01a213e1-7d51-7345-a783-197da94a8ff1', '01a213e1-7d48-7388-80ea-97d93ba50a0c', 'interactive', '{"exact": false, "style": "pixelate", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '44a8793a-2350-4f07-b5d1-4856d8039fe7', NULL, '2026-11-25 18:04:34.503639+00');
INSERT INTO public.changed_days VALUES
	('2026-11-25', 1, 0);
INSERT INTO public.cohorts OVERRIDING SYSTEM VALUE VALUES
	(1, 'ann', '{"project": "market"}'),
	(2, 'ann', '{}');
INSERT INTO public.decisions VALUES
	('01a213e1-2cdc-744b-b2c0-1175af89710f', '01a213e0-fc00-7293-b008-f22ca835ba26', '01a213e0-fc12-7579-a6ed-3cf1efacfae7', 'rita', 'approved', '[]', '[]', '', '2026-11-25 18:04:13.881802+00'),
	('01a213e1-2d42-70a7-83a3-c356e2d8a646', '01a213e0-fc02-77d9-ba75-915b1d9d1660', '01a213e0-fc12-7579-a6ed-3cf2725ffb4a', 'rita', 'rejected', '[]', '[]', 'A mirror.', '2026-11-25 18:04:13.99352+00'),
	('01a213e1-2dcf-77c1-b8c2-703805f6ad4a', '01a213e0-fc04-7782-8fed-ad524f881110', '01a213e0-fc12-7579-a6ed-3cf3a5b978d0', 'rita', 'corrected', '[{"x1": 10.0, "x2": 60.0, "y1": 10.0, "y2": 60.0, "frame": 0, "score": 1}]', '[{"x1": 169.26166, "x2": 341.67206, "y1": 117.300385, "y2": 328.8122, "frame": 0, "score": 0.90384513}]', 'One was missed.', '2026-11-25 18:04:14.095667+00');
INSERT INTO public.deletions VALUES
	('01a213e1-705a-719d-9600-132b422e2890', 'ann', '01a213e1-5db9-72c1-b988-876504f6841a', '01a213e1-5db5-765d-bac8-1bed98485781', 'ann', 1, 4, '2026-11-25 18:04:31.193646+00', '2026-11-25 18:04:31.231954+00'),
	('01a213e1-7c02-7054-9a8f-550e0008010b', 'ann', '01a213e1-709d-7344-affa-cbb10668d10d', NULL, 'ann', 1, 4, '2026-11-25 18:04:34.162546+00', '2026-11-25 18:04:34.229465+00');
INSERT INTO public.detections VALUES
	('01a213e0-d03f-7482-858c-ad3c06dc8884', 0, 169.26166, 117.300385, 341.67206, 328.8122, 0.90384513, true, 0),
	('01a213e0-d03f-7482-858c-ad3c06dc8884', 1, 238.94589, 583.87555, 257.46365, 600, 0.3975926, false, 0),
	('01a213e0-d03f-7482-858c-ad3c06dc8884', 2, 190.82175, 243.62064, 348.36594, 447.91278, 0.3845845, false, 0),
	('01a213e0-d03f-7482-858c-ad3c06dc8884', 3, 297.6791, 310.17456, 468.70615, 520.2793, 0.21264344, false, 0),
	('01a213e0-d03f-7482-858c-ad3c06dc8884', 4, 250.04707, 126.73361, 361.07135, 270.81934, 0.20075989, false, 0),
	('01a213e0-d03f-7482-858c-ad3c06dc8884', 5, 34.217907, 313.26352, 222.54982, 538.65485, 0.19185144, false, 0),
	('01a213e0-d03f-7482-858c-ad3c06dc8884', 6, 203.08855, 12.27299, 297.0326, 105.18584, 0.12874147, false, 0),
	('01a213e0-d03f-7482-858c-ad3c06dc8884', 7, 77.08394, 388.53598, 256.32544, 600, 0.10411569, false, 0),
	('01a213e0-d03f-7482-858c-ad3c06dc8884', 8, 230.48192, 429.11566, 293.05283, 555.8936, 0.101021454, false, 0),
	('01a213e0-d03f-7482-858c-ad3d46858493', 0, 89.67413, 30.779312, 133.86891, 88.15315, 0.94078374, true, 0),
	('01a213e0-d03f-7482-858c-ad3d46858493', 1, 148.25575, 62.373222, 212.23096, 139.57376, 0.3862907, false, 0),
	('01a213e0-d03f-7482-858c-ad3d46858493', 2, 50.55176, 108.90642, 124.08291, 195.18271, 0.29327825, false, 0),
	('01a213e0-d03f-7482-858c-ad3d46858493', 3, 166.80492, 91.370895, 220.95912, 160.0863, 0.22815464, false, 0),
	('01a213e0-d03f-7482-858c-ad3d46858493', 4, 61.744526, 160.57921, 110.718956, 211.91861, 0.1770382, false, 0),
	('01a213e0-d03f-7482-858c-ad3d46858493', 5, 14.072375, 116.687965, 62.54096, 199.57524, 0.16210036, false, 0),
	('01a213e0-d03f-7482-858c-ad3d46858493', 6, 0, 83.213425, 75.018585, 171.8909, 0.15585415, false, 0),
	('01a213e0-d03f-7482-858c-ad3d46858493', 7, 71.789055, 97.5265, 164.75613, 186.50002, 0.14420585, false, 0),
	('01a213e0-d03f-7482-858c-ad3d46858493', 8, 116.011375, 126.62311, 184.73349, 208.5747, 0.14338261, false, 0),
	('01a213e0-d03f-7482-858c-ad3d46858493', 9, 124.79125, 214.45694, 129.81549, 221.70955, 0.1330473, false, 0),
	('01a213e0-d03f-7482-858c-ad3d46858493', 10, 0, 165.7588, 69.84824, 236.56921, 0.11290631, false, 0),
	('01a213e0-d03f-7482-858c-ad3d46858493', 11, 32.54236, 67.71745, 105.0617, 147.78543, 0.1078231, false, 0),
	('01a213e0-d03f-7482-858c-ad3ee27fd100', 0, 169.26166, 117.300385, 341.67206, 328.8122, 0.90384513, true, 0),
	('01a213e0-d03f-7482-858c-ad3ee27fd100', 1, 238.94589, 583.87555, 257.46365, 600, 0.3975926, false, 0),
	('01a213e0-d03f-7482-858c-ad3ee27fd100', 2, 190.82175, 243.62064, 348.36594, 447.91278, 0.3845845, false, 0),
	('01a213e0-d03f-7482-858c-ad3ee27fd100', 3, 297.6791, 310.17456, 468.70615, 520.2793, 0.21264344, false, 0),
	('01a213e0-d03f-7482-858c-ad3ee27fd100', 4, 250.04707, 126.73361, 361.07135, 270.81934, 0.20075989, false, 0),
	('01a213e0-d03f-7482-858c-ad3ee27fd100', 5, 34.217907, 313.26352, 222.54982, 538.65485, 0.19185144, false, 0),
	('01a213e0-d03f-7482-858c-ad3ee27fd100', 6, 203.08855, 12.27299, 297.0326, 105.18584, 0.12874147, false, 0),
	('01a213e0-d03f-7482-858c-ad3ee27fd100', 7, 77.08394, 388.53598, 256.32544, 600, 0.10411569, false, 0),
	('01a213e0-d03f-7482-858c-ad3ee27fd100', 8, 230.48192, 429.11566, 293.05283, 555.8936, 0.101021454, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf1efacfae7', 0, 169.26166, 117.300385, 341.67206, 328.8122, 0.90384513, true, 0),
	('01a213e0-fc12-7579-a6ed-3cf1efacfae7', 1, 238.94589, 583.87555, 257.46365, 600, 0.3975926, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf1efacfae7', 2, 190.82175, 243.62064, 348.36594, 447.91278, 0.3845845, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf1efacfae7', 3, 297.6791, 310.17456, 468.70615, 520.2793, 0.21264344, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf1efacfae7', 4, 250.04707, 126.73361, 361.07135, 270.81934, 0.20075989, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf1efacfae7', 5, 34.217907, 313.26352, 222.54982, 538.65485, 0.19185144, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf1efacfae7', 6, 203.08855, 12.27299, 297.0326, 105.18584, 0.12874147, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf1efacfae7', 7, 77.08394, 388.53598, 256.32544, 600, 0.10411569, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf1efacfae7', 8, 230.48192, 429.11566, 293.05283, 555.8936, 0.101021454, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf2725ffb4a', 0, 169.26166, 117.300385, 341.67206, 328.8122, 0.90384513, true, 0),
	('01a213e0-fc12-7579-a6ed-3cf2725ffb4a', 1, 238.94589, 583.87555, 257.46365, 600, 0.3975926, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf2725ffb4a', 2, 190.82175, 243.62064, 348.36594, 447.91278, 0.3845845, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf2725ffb4a', 3, 297.6791, 310.17456, 468.70615, 520.2793, 0.21264344, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf2725ffb4a', 4, 250.04707, 126.73361, 361.07135, 270.81934, 0.20075989, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf2725ffb4a', 5, 34.217907, 313.26352, 222.54982, 538.65485, 0.19185144, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf2725ffb4a', 6, 203.08855, 12.27299, 297.0326, 105.18584, 0.12874147, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf2725ffb4a', 7, 77.08394, 388.53598, 256.32544, 600, 0.10411569, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf2725ffb4a', 8, 230.48192, 429.11566, 293.05283, 555.8936, 0.101021454, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf3a5b978d0', 0, 169.26166, 117.300385, 341.67206, 328.8122, 0.90384513, true, 0),
	('01a213e0-fc12-7579-a6ed-3cf3a5b978d0', 1, 238.94589, 583.87555, 257.46365, 600, 0.3975926, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf3a5b978d0', 2, 190.82175, 243.62064, 348.36594, 447.91278, 0.3845845, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf3a5b978d0', 3, 297.6791, 310.17456, 468.70615, 520.2793, 0.21264344, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf3a5b978d0', 4, 250.04707, 126.73361, 361.07135, 270.81934, 0.20075989, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf3a5b978d0', 5, 34.217907, 313.26352, 222.54982, 538.65485, 0.19185144, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf3a5b978d0', 6, 203.08855, 12.27299, 297.0326, 105.18584, 0.12874147, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf3a5b978d0', 7, 77.08394, 388.53598, 256.32544, 600, 0.10411569, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf3a5b978d0', 8, 230.48192, 429.11566, 293.05283, 555.8936, 0.101021454, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf4585e3272', 0, 169.26166, 117.300385, 341.67206, 328.8122, 0.90384513, true, 0),
	('01a213e0-fc12-7579-a6ed-3cf4585e3272', 1, 238.94589, 583.87555, 257.46365, 600, 0.3975926, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf4585e3272', 2, 190.82175, 243.62064, 348.36594, 447.91278, 0.3845845, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf4585e3272', 3, 297.6791, 310.17456, 468.70615, 520.2793, 0.21264344, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf4585e3272', 4, 250.04707, 126.73361, 361.07135, 270.81934, 0.20075989, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf4585e3272', 5, 34.217907, 313.26352, 222.54982, 538.65485, 0.19185144, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf4585e3272', 6, 203.08855, 12.27299, 297.0326, 105.18584, 0.12874147, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf4585e3272', 7, 77.08394, 388.53598, 256.32544, 600, 0.10411569, false, 0),
	('01a213e0-fc12-7579-a6ed-3cf4585e3272', 8, 230.48192, 429.11566, 293.05283, 555.8936, 0.101021454, false, 0),
	('01a213e1-2d9b-77f3-a00f-aa0c9bb495f2', 0, 10, 10, 60, 60, 1, true, 0),
	('01a213e1-2d9b-77f3-a00f-aa0c9bb495f2', 1, 169.26166, 117.300385, 341.67206, 328.8122, 0.90384513, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa222ef6f62', 0, 169.26166, 117.300385, 341.67206, 328.8122, 0.90384513, true, 0),
	('01a213e1-3f1b-7432-83e4-2aa222ef6f62', 1, 238.94589, 583.87555, 257.46365, 600, 0.3975926, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa222ef6f62', 2, 190.82175, 243.62064, 348.36594, 447.91278, 0.3845845, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa222ef6f62', 3, 297.6791, 310.17456, 468.70615, 520.2793, 0.21264344, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa222ef6f62', 4, 250.04707, 126.73361, 361.07135, 270.81934, 0.20075989, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa222ef6f62', 5, 34.217907, 313.26352, 222.54982, 538.65485, 0.19185144, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa222ef6f62', 6, 203.08855, 12.27299, 297.0326, 105.18584, 0.12874147, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa222ef6f62', 7, 77.08394, 388.53598, 256.32544, 600, 0.10411569, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa222ef6f62', 8, 230.48192, 429.11566, 293.05283, 555.8936, 0.101021454, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', 0, 89.67413, 30.779312, 133.86891, 88.15315, 0.94078374, true, 0),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', 1, 148.25575, 62.373222, 212.23096, 139.57376, 0.3862907, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', 2, 50.55176, 108.90642, 124.08291, 195.18271, 0.29327825, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', 3, 166.80492, 91.370895, 220.95912, 160.0863, 0.22815464, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', 4, 61.744526, 160.57921, 110.718956, 211.91861, 0.1770382, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', 5, 14.072375, 116.687965, 62.54096, 199.57524, 0.16210036, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', 6, 0, 83.213425, 75.018585, 171.8909, 0.15585415, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', 7, 71.789055, 97.5265, 164.75613, 186.50002, 0.14420585, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', 8, 116.011375, 126.62311, 184.73349, 208.5747, 0.14338261, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', 9, 124.79125, 214.45694, 129.81549, 221.70955, 0.1330473, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', 10, 0, 165.7588, 69.84824, 236.56921, 0.11290631, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa32881e452', 11, 32.54236, 67.71745, 105.0617, 147.78543, 0.1078231, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa4784f9d40', 0, 169.26166, 117.300385, 341.67206, 328.8122, 0.90384513, true, 0),
	('01a213e1-3f1b-7432-83e4-2aa4784f9d40', 1, 238.94589, 583.87555, 257.46365, 600, 0.3975926, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa4784f9d40', 2, 190.82175, 243.62064, 348.36594, 447.91278, 0.3845845, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa4784f9d40', 3, 297.6791, 310.17456, 468.70615, 520.2793, 0.21264344, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa4784f9d40', 4, 250.04707, 126.73361, 361.07135, 270.81934, 0.20075989, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa4784f9d40', 5, 34.217907, 313.26352, 222.54982, 538.65485, 0.19185144, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa4784f9d40', 6, 203.08855, 12.27299, 297.0326, 105.18584, 0.12874147, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa4784f9d40', 7, 77.08394, 388.53598, 256.32544, 600, 0.10411569, false, 0),
	('01a213e1-3f1b-7432-83e4-2aa4784f9d40', 8, 230.48192, 429.11566, 293.05283, 555.8936, 0.101021454, false, 0),
	('01a213e1-5db9-72c1-b988-87672698f19d', 0, 89.67413, 30.779312, 133.86891, 88.15315, 0.94078374, true, 0),
	('01a213e1-5db9-72c1-b988-87672698f19d', 1, 148.25575, 62.373222, 212.23096, 139.57376, 0.3862907, false, 0);
INSERT INTO public.detections VALUES
	('01a213e1-5db9-72c1-b988-87672698f19d', 2, 50.55176, 108.90642, 124.08291, 195.18271, 0.29327825, false, 0),
	('01a213e1-5db9-72c1-b988-87672698f19d', 3, 166.80492, 91.370895, 220.95912, 160.0863, 0.22815464, false, 0),
	('01a213e1-5db9-72c1-b988-87672698f19d', 4, 61.744526, 160.57921, 110.718956, 211.91861, 0.1770382, false, 0),
	('01a213e1-5db9-72c1-b988-87672698f19d', 5, 14.072375, 116.687965, 62.54096, 199.57524, 0.16210036, false, 0),
	('01a213e1-5db9-72c1-b988-87672698f19d', 6, 0, 83.213425, 75.018585, 171.8909, 0.15585415, false, 0),
	('01a213e1-5db9-72c1-b988-87672698f19d', 7, 71.789055, 97.5265, 164.75613, 186.50002, 0.14420585, false, 0),
	('01a213e1-5db9-72c1-b988-87672698f19d', 8, 116.011375, 126.62311, 184.73349, 208.5747, 0.14338261, false, 0),
	('01a213e1-5db9-72c1-b988-87672698f19d', 9, 124.79125, 214.45694, 129.81549, 221.70955, 0.1330473, false, 0),
	('01a213e1-5db9-72c1-b988-87672698f19d', 10, 0, 165.7588, 69.84824, 236.56921, 0.11290631, false, 0),
	('01a213e1-5db9-72c1-b988-87672698f19d', 11, 32.54236, 67.71745, 105.0617, 147.78543, 0.1078231, false, 0);
INSERT INTO public.event_heads VALUES
	('ann', 0);
INSERT INTO public.events VALUES
	('ann', 1, 'image.published', '01a213e0-d03f-7482-858c-ad3ba28cf732', '01a213e0-d037-709b-9bdc-bf26125c39ad', '{"error_code": null, "faces_found": 1}', '2026-11-25 18:03:54.605115+00'),
	('ann', 2, 'image.published', '01a213e0-d03f-7482-858c-ad3ba28cf732', '01a213e0-d03a-7186-bba7-4d565b0ae661', '{"error_code": null, "faces_found": 1}', '2026-11-25 18:03:57.309246+00'),
	('ann', 3, 'image.published', '01a213e0-d03f-7482-858c-ad3ba28cf732', '01a213e0-d03c-766c-9eed-95256f07312b', '{"error_code": null, "faces_found": 1}', '2026-11-25 18:04:00.190697+00'),
	('ann', 4, 'job.finished', '01a213e0-d03f-7482-858c-ad3ba28cf732', NULL, '{}', '2026-11-25 18:04:00.190697+00'),
	('ann', 5, 'image.needs_review', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', '01a213e0-fc00-7293-b008-f22ca835ba26', '{"error_code": "review_asked", "faces_found": 1}', '2026-11-25 18:04:05.182898+00'),
	('ann', 6, 'image.needs_review', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', '01a213e0-fc02-77d9-ba75-915b1d9d1660', '{"error_code": "review_asked", "faces_found": 1}', '2026-11-25 18:04:07.68148+00'),
	('ann', 7, 'image.needs_review', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', '01a213e0-fc04-7782-8fed-ad524f881110', '{"error_code": "review_asked", "faces_found": 1}', '2026-11-25 18:04:11.412842+00'),
	('ann', 8, 'image.needs_review', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', '01a213e0-fc06-7013-b6c0-44cdabdec2ec', '{"error_code": "review_asked", "faces_found": 1}', '2026-11-25 18:04:13.715526+00'),
	('ann', 9, 'job.finished', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', NULL, '{}', '2026-11-25 18:04:13.715526+00'),
	('ann', 10, 'image.published', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', '01a213e0-fc00-7293-b008-f22ca835ba26', '{"error_code": null, "faces_found": 1}', '2026-11-25 18:04:13.881802+00'),
	('ann', 11, 'image.failed', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', '01a213e0-fc02-77d9-ba75-915b1d9d1660', '{"error_code": "rejected", "faces_found": 1}', '2026-11-25 18:04:13.99352+00'),
	('ann', 12, 'image.published', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', '01a213e0-fc04-7782-8fed-ad524f881110', '{"error_code": null, "faces_found": 1}', '2026-11-25 18:04:16.218387+00'),
	('ann', 13, 'image.failed', '01a213e1-2e2f-724a-8fe3-e52f50dce8c0', '01a213e1-2e2e-73c4-a42c-c59c6dd6c603', '{"error_code": "unreadable_picture", "faces_found": null}', '2026-11-25 18:04:18.457312+00'),
	('ann', 14, 'job.finished', '01a213e1-2e2f-724a-8fe3-e52f50dce8c0', NULL, '{}', '2026-11-25 18:04:18.457312+00'),
	('ann', 15, 'image.published', '01a213e0-d03f-7482-858c-ad3ba28cf732', '01a213e0-d037-709b-9bdc-bf26125c39ad', '{"error_code": null, "faces_found": 1}', '2026-11-25 18:04:20.957471+00'),
	('ann', 16, 'image.published', '01a213e0-d03f-7482-858c-ad3ba28cf732', '01a213e0-d03a-7186-bba7-4d565b0ae661', '{"error_code": null, "faces_found": 1}', '2026-11-25 18:04:23.885903+00'),
	('ann', 17, 'image.published', '01a213e0-d03f-7482-858c-ad3ba28cf732', '01a213e0-d03c-766c-9eed-95256f07312b', '{"error_code": null, "faces_found": 1}', '2026-11-25 18:04:26.250307+00'),
	('ann', 18, 'image.published', '01a213e1-5db9-72c1-b988-876504f6841a', '01a213e1-5db5-765d-bac8-1bed98485781', '{"error_code": null, "faces_found": 1}', '2026-11-25 18:04:29.255021+00'),
	('ann', 19, 'image.published', '01a213e1-5db9-72c1-b988-876504f6841a', '01a213e1-5db7-734f-90c5-82a2a9f213f9', '{"error_code": null, "faces_found": 1}', '2026-11-25 18:04:31.110807+00'),
	('ann', 20, 'job.finished', '01a213e1-5db9-72c1-b988-876504f6841a', NULL, '{}', '2026-11-25 18:04:31.110807+00'),
	('ann', 21, 'image.deleted', '01a213e1-5db9-72c1-b988-876504f6841a', '01a213e1-5db5-765d-bac8-1bed98485781', '{}', '2026-11-25 18:04:31.193646+00'),
	('ann', 22, 'image.published', '01a213e1-709d-7344-affa-cbb10668d10d', '01a213e1-7095-74c6-93a3-0f5174eaed9b', '{"error_code": null, "faces_found": 1}', '2026-11-25 18:04:33.955032+00'),
	('ann', 23, 'job.finished', '01a213e1-709d-7344-affa-cbb10668d10d', NULL, '{}', '2026-11-25 18:04:33.955032+00'),
	('ann', 24, 'job.deleted', '01a213e1-709d-7344-affa-cbb10668d10d', NULL, '{}', '2026-11-25 18:04:34.162546+00'),
	('ann', 25, 'image.failed', '01a213e1-7ce6-75c0-ad89-aa8f51f9c153', '01a213e1-7ce1-744a-8272-5f03defcfc1b', '{"error_code": "job_cancelled", "faces_found": null}', '2026-11-25 18:04:34.433336+00'),
	('ann', 26, 'job.finished', '01a213e1-7ce6-75c0-ad89-aa8f51f9c153', NULL, '{}', '2026-11-25 18:04:34.433336+00');
INSERT INTO public.idempotency_keys VALUES
	('ann', 'the-first', '45bc980899f04e0bd4112049b0784244f2a132cd3596b939e1bc0d73fc3b380d', '01a213e0-cf60-7566-9098-c2208f50622e', '2026-11-25 18:08:49.985038+00', '{"id": "01a213e0-d03f-7482-858c-ad3ba28cf732", "owner": "ann", "state": "queued", "labels": {"project": "market"}, "policy": {"exact": false, "style": "solid", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}, "preset": "market", "webhook": null, "progress": {"failed": 0, "images": 3, "queued": 3, "deleted": 0, "published": 0, "processing": 0, "needs_review": 0}, "created_at": "2026-11-25T18:03:50.205203Z", "finished_at": null}', '2026-11-25 18:03:49.985038+00');
INSERT INTO public.images VALUES
	('01a213e0-d03a-7186-bba7-4d565b0ae661', '01a213e0-d03f-7482-858c-ad3ba28cf732', 1, 'b.webp', '49915e0d7d4b402e/direct/01a213e0-d037-709b-9bdc-bf27527e86d8', '589f097c4701e7fcf2e21a34d5c5dc1a', 17910, 'published', NULL, NULL, NULL, '01a213e1-3f1b-7432-83e4-2aa32881e452', '01a213e0-d03a-7186-bba7-4d565b0ae661/01a213e1-3f1b-7432-83e4-2aa32881e452.webp', 'image/webp', 16870, '21ad3dc1a9b624058c64cb922a0f7d99214718a1c6cf9b54390db0c3bc7c3b78', '33de62a2d138a41e07d4826ff4ccdb94935e2301a4530b427fcdfe4c7821ebb2', 256, 256, 1, '{"exact": false, "style": "blur", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '{"name": "yunet", "sha256": "6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708", "licence": "MIT (yunet.LICENSE)", "provider": "CPUExecutionProvider", "threshold": 0.5}', 951.0824, '2026-11-25 18:03:50.205203+00', '2026-11-25 18:04:23.885903+00', 0.26269197, '{"near_threshold": 1}', 1, '[]', NULL, '2026-11-25 18:03:55.674521+00', '2026-11-25 18:03:57.309246+00', '{"nms": 1.1521299984451616, "blur": 403.50690800005395, "detect": 426.432472999295, "resize": 61.259003001396195, "upload": 51.952767000329914, "download": 6.779089000701788}', '{0,0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,1,0,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,5,3,1,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0}'),
	('01a213e1-2e2e-73c4-a42c-c59c6dd6c603', '01a213e1-2e2f-724a-8fe3-e52f50dce8c0', 0, 'broken.jpg', '49915e0d7d4b402e/direct/01a213e1-2e2a-75be-97dd-c9a6f968b0f6', '74372d11878e8468f6c1406a2ed14509', 3000, 'failed', NULL, 'unreadable_picture', 'The JPEG picture is damaged or cut short and cannot be decoded (image file is truncated (12 bytes not processed)). Export or upload it again.', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-25 18:04:14.254834+00', '2026-11-25 18:04:18.457312+00', NULL, NULL, NULL, '[]', NULL, '2026-11-25 18:04:18.300008+00', '2026-11-25 18:04:18.457312+00', NULL, NULL, NULL, NULL, NULL),
	('01a213e1-5db7-734f-90c5-82a2a9f213f9', '01a213e1-5db9-72c1-b988-876504f6841a', 1, 'stays.webp', '49915e0d7d4b402e/direct/01a213e1-5db5-765d-bac8-1bee12c9cdca', '589f097c4701e7fcf2e21a34d5c5dc1a', 17910, 'published', '01a213e1-7d75-7455-9254-f1db4a54d201', NULL, NULL, '01a213e1-5db9-72c1-b988-87672698f19d', '01a213e1-5db7-734f-90c5-82a2a9f213f9/01a213e1-5db9-72c1-b988-87672698f19d.webp', 'image/webp', 16854, '37b555a5930ee55161c9ebfcdafa4244b3472ffb793b30d4179b1117b7d3c32f', '33de62a2d138a41e07d4826ff4ccdb94935e2301a4530b427fcdfe4c7821ebb2', 256, 256, 1, '{"exact": false, "style": "pixelate", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '{"name": "yunet", "sha256": "6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708", "licence": "MIT (yunet.LICENSE)", "provider": "CPUExecutionProvider", "threshold": 0.5}', 854.71606, '2026-11-25 18:04:26.423744+00', '2026-11-25 18:04:31.110807+00', 0.2731639, '{"second_look": 1, "near_threshold": 1}', 1, '[]', NULL, '2026-11-25 18:04:30.10566+00', '2026-11-25 18:04:31.110807+00', '{"nms": 2.810930000123335, "blur": 432.45077900064643, "detect": 358.29930900035833, "resize": 34.52415900028427, "upload": 23.535508998975274, "download": 3.09537800058024}', '{0,0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,1,0,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,5,3,1,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0}'),
	('01a213e0-d03c-766c-9eed-95256f07312b', '01a213e0-d03f-7482-858c-ad3ba28cf732', 2, 'c.jpg', '49915e0d7d4b402e/direct/01a213e0-d03a-7186-bba7-4d57e4c6665b', '314296a0a5dd3c394e57f4efac733c20', 61306, 'published', NULL, NULL, NULL, '01a213e1-3f1b-7432-83e4-2aa4784f9d40', '01a213e0-d03c-766c-9eed-95256f07312b/01a213e1-3f1b-7432-83e4-2aa4784f9d40.jpg', 'image/jpeg', 46544, '210b1c308ae574e824885447456abfddd75e9e019ad6ee7f4be41b3e83a7797e', 'a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130', 512, 600, 1, '{"exact": false, "style": "blur", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '{"name": "yunet", "sha256": "6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708", "licence": "MIT (yunet.LICENSE)", "provider": "CPUExecutionProvider", "threshold": 0.5}', 820.65985, '2026-11-25 18:03:50.205203+00', '2026-11-25 18:04:26.250307+00', 0.20003921, '{"near_threshold": 1}', 1, '[]', NULL, '2026-11-25 18:03:59.074272+00', '2026-11-25 18:04:00.190697+00', '{"nms": 23.391914000967517, "blur": 275.4042680007842, "detect": 442.87919599992165, "resize": 55.88421200081939, "upload": 18.245115999889094, "download": 4.855150000366848}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}'),
	('01a213e0-fc00-7293-b008-f22ca835ba26', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', 0, 'held0.jpg', '49915e0d7d4b402e/direct/01a213e0-fbfd-73c6-a09f-46c6333b042f', '314296a0a5dd3c394e57f4efac733c20', 61306, 'published', NULL, NULL, NULL, '01a213e0-fc12-7579-a6ed-3cf1efacfae7', '01a213e0-fc00-7293-b008-f22ca835ba26/01a213e0-fc12-7579-a6ed-3cf1efacfae7.jpg', 'image/jpeg', 46611, '4f6e8d254fe5b259dd6f3986455155ce48f75547aca1e882396f4bbaa6f5bca7', 'a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130', 512, 600, 1, '{"exact": false, "style": "pixelate", "review": "always", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '{"name": "yunet", "sha256": "6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708", "licence": "MIT (yunet.LICENSE)", "provider": "CPUExecutionProvider", "threshold": 0.5}', 814.13416, '2026-11-25 18:04:01.423459+00', '2026-11-25 18:04:13.881802+00', 0.20003921, '{"near_threshold": 1}', 1, '[]', NULL, '2026-11-25 18:04:04.153161+00', '2026-11-25 18:04:05.182898+00', '{"nms": 10.350221000408055, "blur": 376.90645700058667, "detect": 329.41135199871496, "resize": 61.02903700048046, "upload": 29.08880799986946, "download": 7.348253999225562}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}'),
	('01a213e1-7ce1-744a-8272-5f03defcfc1b', '01a213e1-7ce6-75c0-ad89-aa8f51f9c153', 0, 'cancelled.jpg', '49915e0d7d4b402e/direct/01a213e1-7cde-7764-bb49-8561ff7ee92f', '314296a0a5dd3c394e57f4efac733c20', 61306, 'failed', NULL, 'job_cancelled', 'The job was cancelled; nothing was published.', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-25 18:04:34.404998+00', '2026-11-25 18:04:34.433336+00', NULL, NULL, NULL, '[]', NULL, NULL, '2026-11-25 18:04:34.433336+00', NULL, NULL, NULL, NULL, NULL),
	('01a213e0-fc06-7013-b6c0-44cdabdec2ec', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', 3, 'held3.jpg', '49915e0d7d4b402e/direct/01a213e0-fc04-7782-8fed-ad53ba7df6b9', '314296a0a5dd3c394e57f4efac733c20', 61306, 'needs_review', NULL, 'review_asked', 'Held because its policy has every result reviewed.', '01a213e0-fc12-7579-a6ed-3cf4585e3272', '01a213e0-fc06-7013-b6c0-44cdabdec2ec/01a213e0-fc12-7579-a6ed-3cf4585e3272.jpg', 'image/jpeg', 46618, '9d94b65be4a391e54ee8e1c7454e925df7cfad899eb305fb01eeb12a278b5754', 'a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130', 512, 600, 1, '{"exact": false, "style": "pixelate", "review": "always", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '{"name": "yunet", "sha256": "6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708", "licence": "MIT (yunet.LICENSE)", "provider": "CPUExecutionProvider", "threshold": 0.5}', 881.8694, '2026-11-25 18:04:01.423459+00', '2026-11-25 18:04:13.715526+00', 0.20003921, '{"near_threshold": 1}', 1, '[]', NULL, '2026-11-25 18:04:12.62145+00', '2026-11-25 18:04:13.715526+00', '{"nms": 0.9304769992013462, "blur": 421.32557299919426, "detect": 359.1009119991213, "resize": 65.04933399992296, "upload": 23.438033000275027, "download": 12.02508599999419}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}'),
	('01a213e0-fc02-77d9-ba75-915b1d9d1660', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', 1, 'held1.jpg', '49915e0d7d4b402e/direct/01a213e0-fc00-7293-b008-f22d8b1ce412', '314296a0a5dd3c394e57f4efac733c20', 61306, 'failed', NULL, 'rejected', 'A mirror.', '01a213e0-fc12-7579-a6ed-3cf2725ffb4a', '01a213e0-fc02-77d9-ba75-915b1d9d1660/01a213e0-fc12-7579-a6ed-3cf2725ffb4a.jpg', 'image/jpeg', 46618, '4f2a1bd33a24c83c706586a6878adae2a1d762e2d9f063f89f09c0c100a50eae', 'a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130', 512, 600, 1, '{"exact": false, "style": "pixelate", "review": "always", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '{"name": "yunet", "sha256": "6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708", "licence": "MIT (yunet.LICENSE)", "provider": "CPUExecutionProvider", "threshold": 0.5}', 844.9139, '2026-11-25 18:04:01.423459+00', '2026-11-25 18:04:13.99352+00', 0.20003921, '{"near_threshold": 1}', 1, '[]', NULL, '2026-11-25 18:04:06.630482+00', '2026-11-25 18:04:07.68148+00', '{"nms": 25.491946998954518, "blur": 415.4571520011814, "detect": 311.74248099887336, "resize": 71.49789600043732, "upload": 14.285940000263508, "download": 6.438487000195892}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}'),
	('01a213e0-fc04-7782-8fed-ad524f881110', '01a213e0-fc12-7579-a6ed-3cf02eaec1b4', 2, 'held2.jpg', '49915e0d7d4b402e/direct/01a213e0-fc02-77d9-ba75-915ccb738d37', '314296a0a5dd3c394e57f4efac733c20', 61306, 'published', NULL, NULL, NULL, '01a213e1-2d9b-77f3-a00f-aa0c9bb495f2', '01a213e0-fc04-7782-8fed-ad524f881110/01a213e1-2d9b-77f3-a00f-aa0c9bb495f2.jpg', 'image/jpeg', 61868, 'bd1e6a79a9721cdfbec55a6c2b7f951fd429129a348031aaf02050c400ed9840', 'a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130', 512, 600, 1, '{"exact": false, "style": "pixelate", "review": "always", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '{"name": "yunet", "sha256": "6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708", "licence": "MIT (yunet.LICENSE)", "provider": "CPUExecutionProvider", "threshold": 0.5}', 227.7396, '2026-11-25 18:04:01.423459+00', '2026-11-25 18:04:16.218387+00', 0, '{}', 1, '[{"code": "faces_left", "message": "1 of the faces that were found are left as they are, as the policy or a reviewer says."}]', NULL, '2026-11-25 18:04:10.455184+00', '2026-11-25 18:04:11.412842+00', '{"blur": 189.90906500039273, "upload": 25.104124999415944, "download": 12.726409000606509}', '{0,0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}'),
	('01a213e0-d037-709b-9bdc-bf26125c39ad', '01a213e0-d03f-7482-858c-ad3ba28cf732', 0, 'a.jpg', '49915e0d7d4b402e/direct/01a213e0-cf69-732c-bf15-d057db91b7a2', '314296a0a5dd3c394e57f4efac733c20', 61306, 'published', NULL, NULL, NULL, '01a213e1-3f1b-7432-83e4-2aa222ef6f62', '01a213e0-d037-709b-9bdc-bf26125c39ad/01a213e1-3f1b-7432-83e4-2aa222ef6f62.jpg', 'image/jpeg', 46614, '5af39bd4b59d79277434fc70e2911661bc6cad7a569ab6639835d6d1a57490d9', 'a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130', 512, 600, 1, '{"exact": false, "style": "blur", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '{"name": "yunet", "sha256": "6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708", "licence": "MIT (yunet.LICENSE)", "provider": "CPUExecutionProvider", "threshold": 0.5}', 934.15784, '2026-11-25 18:03:50.205203+00', '2026-11-25 18:04:20.957471+00', 0.20003921, '{"near_threshold": 1}', 1, '[]', NULL, '2026-11-25 18:03:52.524902+00', '2026-11-25 18:03:54.605115+00', '{"nms": 4.312024000682868, "blur": 437.9233360014041, "detect": 389.63194400093926, "resize": 72.40441700014344, "upload": 25.801312000112375, "download": 4.0848139997251565}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}'),
	('01a213e1-7d45-7359-9ce8-1c26a392432d', '01a213e1-7d48-7388-80ea-97d93ba50a0c', 0, 'waits.jpg', '49915e0d7d4b402e/direct/01a213e1-7d42-743e-a08c-0fc0d1162b95', '314296a0a5dd3c394e57f4efac733c20', 61306, 'queued', '01a213e1-7d48-7388-80ea-97da28fc3a10', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-25 18:04:34.503639+00', NULL, NULL, NULL, NULL, '[]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('01a213e1-7d47-7323-b92b-0a1f81e1e90d', '01a213e1-7d48-7388-80ea-97d93ba50a0c', 1, 'waits.webp', '49915e0d7d4b402e/direct/01a213e1-7d45-7359-9ce8-1c2710783201', '589f097c4701e7fcf2e21a34d5c5dc1a', 17910, 'queued', '01a213e1-7d48-7388-80ea-97dba6e163cb', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-25 18:04:34.503639+00', NULL, NULL, NULL, NULL, '[]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs VALUES
	('01a213e0-d03f-7482-858c-ad3ba28cf732', 'ann', '{"exact": false, "style": "solid", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '2026-11-25 18:03:50.205203+00', '{"project": "market"}', 'market', NULL, '2026-11-25 18:04:00.190697+00', 1),
	('01a213e0-fc12-7579-a6ed-3cf02eaec1b4', 'ann', '{"exact": false, "style": "pixelate", "review": "always", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '2026-11-25 18:04:01.423459+00', '{}', NULL, NULL, '2026-11-25 18:04:13.715526+00', 2),
	('01a213e1-2e2f-724a-8fe3-e52f50dce8c0', 'ann', '{"exact": false, "style": "pixelate", "review": "never", "classes": [0], "padding": 0.4, "profile": "standard", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '2026-11-25 18:04:14.254834+00', '{}', NULL, NULL, '2026-11-25 18:04:18.457312+00', 2),
	('01a213e1-5db9-72c1-b988-876504f6841a', 'ann', '{"exact": false, "style": "pixelate", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '2026-11-25 18:04:26.423744+00', '{}', NULL, NULL, '2026-11-25 18:04:31.110807+00', 2),
	('01a213e1-7ce6-75c0-ad89-aa8f51f9c153', 'ann', '{"exact": false, "style": "pixelate", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '2026-11-25 18:04:34.404998+00', '{}', NULL, NULL, '2026-11-25 18:04:34.433336+00', 2),
	('01a213e1-7d48-7388-80ea-97d93ba50a0c', 'ann', '{"exact": false, "style": "pixelate", "review": "never", "classes": [0], "padding": 0.4, "profile": "fast", "metadata": "strip", "max_doubt": 0.6, "min_score": null, "size_limits": null, "keep_regions": [], "output_format": "same", "always_regions": [], "cells_per_face": 5}', '2026-11-25 18:04:34.503639+00', '{}', NULL, NULL, NULL, 2);
INSERT INTO public.looks VALUES
	('01a213e0-fc00-7293-b008-f22ca835ba26', 'rita', '2026-11-25 18:04:14.214917+00');
INSERT INTO public.migrations VALUES
	('0001_jobs_images_attempts', '2026-11-25 18:01:18.07156+00'),
	('0002_doubt', '2026-11-25 18:01:18.094532+00'),
	('0003_frames_and_notes', '2026-11-25 18:01:18.099832+00'),
	('0004_api', '2026-11-25 18:01:18.102769+00'),
	('0005_review', '2026-11-25 18:01:18.134298+00'),
	('0006_statistics', '2026-11-25 18:01:18.147096+00'),
	('0007_system', '2026-11-25 18:01:18.208853+00');
INSERT INTO public.presets VALUES
	('market', 'Solid, fast.', '{"style": "solid", "profile": "fast"}', 'olga', '2026-11-25 18:03:49.7709+00');
INSERT INTO public.tallies VALUES
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 2, 2, 2, 2, 2, 7936725, 10017460, 1659048, 2, '{13786,132527,641153,35842,792363,43375}', '{0,2,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,2,0,0,0,0}', '{0,0,0,0,0,0,0,0,2,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2,0}', '{0,0,6,2,4,0,0,4,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,1,1,0,0,0,0,0,0,0}', '{0,0,0,1,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,2,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', '', '', 2, 2, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 3, 3, 3, 3, 3, 16658086, 21489449, 4208998, 3, '{152772,257277,2636702,37876,1031301,93071}', '{0,3,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,2,0,0,0,0}', '{0,0,0,0,0,0,0,1,2,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,3,0}', '{0,0,11,5,5,1,0,5,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,1,2,0,0,0,0,0,0,0}', '{0,0,0,1,2,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,1,1,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', 3, 3, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'queued', '', '', '', 2, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
INSERT INTO public.tally_changes VALUES
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'processing', '', '', '', 1, 0, 1, 0, 0, 9031725, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'queued', '', '', '', -1, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'processing', '', '', '', 1, 0, 1, 0, 0, 11197991, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,0,0,0,1,0,0,0,0,0,0}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'queued', '', '', '', -1, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'standard', 'processing', '', '', '', 1, 0, 1, 0, 0, 4045174, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'standard', 'queued', '', '', '', -1, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'processing', '', '', '', 1, 0, 1, 0, 0, 1957907, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,1,0,0,0,0,0,0,0,0,0}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'queued', '', '', '', -1, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'processing', '', '', '', 1, 0, 1, 0, 0, 3681916, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'queued', '', '', '', -1, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'processing', '', '', '', 1, 0, 1, 0, 0, 1587806, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,1,0,0,0,0,0,0,0,0,0}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'queued', '', '', '', -1, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 9031725, 9989383, 790694, 1, '{8596,32730,318374,10679,349079,71237}', '{0,1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'processing', '', '', '', -1, 0, -1, 0, 0, -9031725, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 9031725, 9989383, 790694, 1, '{8596,32730,318374,10679,349079,71237}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -9031725, -9989383, -790694, -1, '{-8596,-32730,-318374,-10679,-349079,-71237}', '{0,-1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 11197991, 12292067, 881869, 1, '{12025,65049,359101,930,421326,23438}', '{0,1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,0,0,1,0,0,0,0,0,0}', '{0,0,0,0,0,1,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'processing', '', '', '', -1, 0, -1, 0, 0, -11197991, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,0,0,0,-1,0,0,0,0,0,0}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 11197991, 12292067, 881869, 1, '{12025,65049,359101,930,421326,23438}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,1,0,0,0,0,0,0}', '{0,0,0,0,0,1,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'standard', 'queued', '', '', '', 1, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'queued', '', '', '', 2, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -11197991, -12292067, -881869, -1, '{-12025,-65049,-359101,-930,-421326,-23438}', '{0,-1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,0,0,-1,0,0,0,0,0,0}', '{0,0,0,0,0,-1,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 9031725, 9989383, 227740, 1, '{12726,0,0,0,189909,25104}', '{0,1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -9031725, -9989383, -790694, -1, '{-8596,-32730,-318374,-10679,-349079,-71237}', '{0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-1,0}', '{0,0,-3,-1,-2,0,0,-2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 9031725, 9989383, 227740, 1, '{12726,0,0,0,189909,25104}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -9031725, -9989383, -227740, -1, '{-12726,0,0,0,-189909,-25104}', '{0,-1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'standard', 'failed', 'unreadable_picture', '', '', 1, 0, 1, 1, 0, 4045174, 4202478, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'standard', 'failed', 'unreadable_picture', '', '', 1, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'standard', 'processing', '', '', '', -1, 0, -1, 0, 0, -4045174, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{}', '{}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 2729702, 3759439, 814134, 1, '{7348,61029,329411,10350,376906,29089}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -2729702, -3759439, -814134, -1, '{-7348,-61029,-329411,-10350,-376906,-29089}', '{0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-1,0}', '{0,0,-3,-1,-2,0,0,-2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'failed', 'rejected', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 5207023, 6258021, 844914, 1, '{6438,71498,311742,25492,415457,14286}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'failed', 'rejected', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -5207023, -6258021, -844914, -1, '{-6438,-71498,-311742,-25492,-415457,-14286}', '{0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-1,0}', '{0,0,-3,-1,-2,0,0,-2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 9031725, 9989383, 790694, 1, '{8596,32730,318374,10679,349079,71237}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -9031725, -9989383, -790694, -1, '{-8596,-32730,-318374,-10679,-349079,-71237}', '{0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-1,0}', '{0,0,-3,-1,-2,0,0,-2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'needs_review', 'review_asked', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -1957907, -2831277, -683337, -1, '{-5072,-30029,-319072,-10011,-302621,-16532}', '{0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-1,0}', '{0,0,-3,-1,-2,0,0,-2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,-1,0,0,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,-1,0,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'failed', 'job_cancelled', '', '', 1, 0, 0, 1, 0, 0, 28338, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{1,0,0,0,0,0,0,0,0,0,0,0}', '{}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'failed', 'job_cancelled', '', '', 1, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'queued', '', '', '', -1, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'queued', '', '', '', 2, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 3, 3, 3, 3, 3, 16658086, 21489449, 4208998, 3, '{152772,257277,2636702,37876,1031301,93071}', '{0,3,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,2,0,0,0,0}', '{0,0,0,0,0,0,0,1,2,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,3,0}', '{0,0,11,5,5,1,0,5,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,1,2,0,0,0,0,0,0,0}', '{0,0,0,1,2,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,1,1,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', 3, 3, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -3, -3, -3, -3, -3, -16658086, -21489449, -4208998, -3, '{-152772,-257277,-2636702,-37876,-1031301,-93071}', '{0,-3,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,-2,0,0,0,0}', '{0,0,0,0,0,0,0,-1,-2,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-3,0}', '{0,0,-11,-5,-5,-1,0,-5,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,-1,-2,0,0,0,0,0,0,0}', '{0,0,0,-1,-2,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,-1,-1,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', -3, -3, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'queued', '', '', '', 1, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -1587806, -2696766, -858738, -1, '{-2574,-31989,-393987,-17035,-374849,-38304}', '{0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,-1,0,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-1,0}', '{0,0,-5,-3,-1,-1,0,-1,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,-1,0,0,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'queued', '', '', '', 1, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 2319699, 4399912, 934158, 1, '{4085,72404,389632,4312,437923,25801}', '{0,1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -2319699, -4399912, -1884601, -1, '{-53297,-156066,-1328037,-16375,-314196,-16630}', '{0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-1,0}', '{0,0,-3,-1,-2,0,0,-2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 2319699, 4399912, 934158, 1, '{4085,72404,389632,4312,437923,25801}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -2319699, -4399912, -934158, -1, '{-4085,-72404,-389632,-4312,-437923,-25801}', '{0,-1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 5469318, 7104043, 951082, 1, '{6779,61259,426432,1152,403507,51953}', '{0,1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -5469318, -7104043, -1414267, -1, '{-96673,-54282,-783680,-14960,-420522,-44151}', '{0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,-1,0,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-1,0}', '{0,0,-5,-3,-1,-1,0,-1,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,-1,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 5469318, 7104043, 951082, 1, '{6779,61259,426432,1152,403507,51953}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,1,0,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,5,3,1,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -5469318, -7104043, -951082, -1, '{-6779,-61259,-426432,-1152,-403507,-51953}', '{0,-1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 8869069, 9985494, 820660, 1, '{4855,55884,442879,23392,275404,18245}', '{0,1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -8869069, -9985494, -910130, -1, '{-2802,-46929,-524985,-6541,-296583,-32290}', '{0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0,0,0,0}', '{0,0,0,0,0,0,0,0,-1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-1,0}', '{0,0,-3,-1,-2,0,0,-2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 8869069, 9985494, 820660, 1, '{4855,55884,442879,23392,275404,18245}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -8869069, -9985494, -820660, -1, '{-4855,-55884,-442879,-23392,-275404,-18245}', '{0,-1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 1, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 1957907, 2831277, 683337, 1, '{5072,30029,319072,10011,302621,16532}', '{0,1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,1,0,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,1,0,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'processing', '', '', '', -1, 0, -1, 0, 0, -1957907, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,-1,0,0,0,0,0,0,0,0,0}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 1957907, 2831277, 683337, 1, '{5072,30029,319072,10011,302621,16532}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0,0,0,0}', '{0,0,0,0,0,0,0,0,1,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,3,1,2,0,0,2,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,1,0,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,1,0,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -1957907, -2831277, -683337, -1, '{-5072,-30029,-319072,-10011,-302621,-16532}', '{0,-1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,-1,0,0,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,-1,0,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 3681916, 4687063, 854716, 1, '{3095,34524,358299,2811,432451,23536}', '{0,1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'processing', '', '', '', -1, 0, -1, 0, 0, -3681916, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{}', '{}');
INSERT INTO public.tally_changes VALUES
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 3681916, 4687063, 854716, 1, '{3095,34524,358299,2811,432451,23536}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,1,0,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,5,3,1,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -3681916, -4687063, -854716, -1, '{-3095,-34524,-358299,-2811,-432451,-23536}', '{0,-1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 1587806, 2696766, 858738, 1, '{2574,31989,393987,17035,374849,38304}', '{0,1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,1,0,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'processing', '', '', '', -1, 0, -1, 0, 0, -1587806, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{0,0,-1,0,0,0,0,0,0,0,0,0}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 1587806, 2696766, 858738, 1, '{2574,31989,393987,17035,374849,38304}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,1,0,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,5,3,1,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,1,0,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -1587806, -2696766, -858738, -1, '{-2574,-31989,-393987,-17035,-374849,-38304}', '{0,-1,0,0,0,0,0,0,0}', '{}', '{}', '{}', '{}', '{0,0,-1,0,0,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', 1, 1, 1, 1, 1, 3681916, 4687063, 854716, 1, '{3095,34524,358299,2811,432451,23536}', '{0,1,0,0,0,0,0,0,0}', '{0,0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,1,0,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0}', '{0,0,5,3,1,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
	('submitted', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', 'yunet', '6c183c4bc40a276a570d8879de27fa4d45f8e2987c81e60d5b5523d20ece3708', -1, -1, -1, -1, -1, -3681916, -4687063, -854716, -1, '{-3095,-34524,-358299,-2811,-432451,-23536}', '{0,-1,0,0,0,0,0,0,0}', '{0,0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,0,-1,0,0}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-1,0}', '{0,0,-5,-3,-1,-1,0,-1,0,0,0,0,0,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,-1,0,0,0,0,0,0,0,0}', '{0,0,0,0,0,0,-1,0,0,0,0,0,0,0}'),
	('settled', '2026-11-25 18:00:00+00', 2, 'fast', 'published', '', '', '', -1, -1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
INSERT INTO public.usage VALUES
	('ann', '2026-11-25', 17, 766916);
INSERT INTO public.users VALUES
	('olga', 'blurline-local', 'olga', NULL, NULL, '{}', '2026-11-25 18:03:49.749646+00', '2026-11-25 18:03:49.749646+00'),
	('ann', 'blurline-local', 'ann', NULL, NULL, '{"images_per_day": 500}', '2026-11-25 18:03:49.81239+00', '2026-11-25 18:03:49.81239+00'),
	('rita', 'blurline-local', 'rita', NULL, NULL, '{}', '2026-11-25 18:04:13.867917+00', '2026-11-25 18:04:13.867917+00');
INSERT INTO public.verdicts VALUES
	('01a213e1-2cdc-744b-b2c0-1175af89710f', '01a213e0-fc12-7579-a6ed-3cf1efacfae7', '2026-11-25 18:00:00+00', 2, 'fast', 'approved', '2026-11-25 18:04:13.881802+00', 8698904, true, '{0,0,0,0,1,0}', '{0,0,0,0,0,0}', '{0,0,0,0,0,0}'),
	('01a213e1-2d42-70a7-83a3-c356e2d8a646', '01a213e0-fc12-7579-a6ed-3cf2725ffb4a', '2026-11-25 18:00:00+00', 2, 'fast', 'rejected', '2026-11-25 18:04:13.99352+00', 6312040, true, NULL, NULL, NULL),
	('01a213e1-2dcf-77c1-b8c2-703805f6ad4a', '01a213e0-fc12-7579-a6ed-3cf3a5b978d0', '2026-11-25 18:00:00+00', 2, 'fast', 'corrected', '2026-11-25 18:04:14.095667+00', 2682825, true, '{0,0,0,0,0,0}', '{0,0,0,0,1,0}', '{0,0,1,0,0,0}');
INSERT INTO public.webhook_deliveries OVERRIDING SYSTEM VALUE VALUES
	('3daef1f4-ad2a-44d7-87bc-6f0fb1b6f267', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 4, 'job.finished', '{"data": {"job_id": "01a213e0-d03f-7482-858c-ad3ba28cf732", "image_id": null, "sequence": 4}, "type": "job.finished", "timestamp": "2026-11-25T18:04:00.190697+00:00"}', 'pending', 0, '2026-11-25 18:04:00.190697+00', NULL, NULL, NULL, '2026-11-25 18:04:00.190697+00'),
	('f30a7946-6808-4419-b5a3-d310e21513ed', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 2, 'image.published', '{"data": {"job_id": "01a213e0-d03f-7482-858c-ad3ba28cf732", "image_id": "01a213e0-d03a-7186-bba7-4d565b0ae661", "sequence": 2, "error_code": null, "faces_found": 1}, "type": "image.published", "timestamp": "2026-11-25T18:03:57.309246+00:00"}', 'pending', 1, '2026-11-25 18:04:05.469268+00', NULL, 'The server of the URL cannot be reached, or breaks off.', '2026-11-25 18:04:00.28864+00', '2026-11-25 18:03:57.309246+00'),
	('0bf2d73e-deba-4df2-8f89-448ebb2c007d', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 1, 'image.published', '{"data": {"job_id": "01a213e0-d03f-7482-858c-ad3ba28cf732", "image_id": "01a213e0-d037-709b-9bdc-bf26125c39ad", "sequence": 1, "error_code": null, "faces_found": 1}, "type": "image.published", "timestamp": "2026-11-25T18:03:54.605115+00:00"}', 'pending', 2, '2026-11-25 18:08:43.350528+00', NULL, 'The server of the URL cannot be reached, or breaks off.', '2026-11-25 18:04:10.487438+00', '2026-11-25 18:03:54.605115+00'),
	('791c57f0-4153-48b7-8d26-23d2b9171110', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 5, 'job.finished', '{"data": {"job_id": "01a213e0-fc12-7579-a6ed-3cf02eaec1b4", "image_id": null, "sequence": 9}, "type": "job.finished", "timestamp": "2026-11-25T18:04:13.715526+00:00"}', 'pending', 0, '2026-11-25 18:04:13.715526+00', NULL, NULL, NULL, '2026-11-25 18:04:13.715526+00'),
	('f85b7dfd-54ca-41e9-ae45-419fb1c03d8e', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 6, 'image.published', '{"data": {"job_id": "01a213e0-fc12-7579-a6ed-3cf02eaec1b4", "image_id": "01a213e0-fc00-7293-b008-f22ca835ba26", "sequence": 10, "error_code": null, "faces_found": 1}, "type": "image.published", "timestamp": "2026-11-25T18:04:13.881802+00:00"}', 'pending', 0, '2026-11-25 18:04:13.881802+00', NULL, NULL, NULL, '2026-11-25 18:04:13.881802+00'),
	('71fb38fb-d526-40a7-af9b-e39662a65fe3', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 7, 'image.published', '{"data": {"job_id": "01a213e0-fc12-7579-a6ed-3cf02eaec1b4", "image_id": "01a213e0-fc04-7782-8fed-ad524f881110", "sequence": 12, "error_code": null, "faces_found": 1}, "type": "image.published", "timestamp": "2026-11-25T18:04:16.218387+00:00"}', 'pending', 0, '2026-11-25 18:04:16.218387+00', NULL, NULL, NULL, '2026-11-25 18:04:16.218387+00'),
	('70a186a9-cbf3-4fc9-9839-4218d8bab522', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 8, 'job.finished', '{"data": {"job_id": "01a213e1-2e2f-724a-8fe3-e52f50dce8c0", "image_id": null, "sequence": 14}, "type": "job.finished", "timestamp": "2026-11-25T18:04:18.457312+00:00"}', 'pending', 0, '2026-11-25 18:04:18.457312+00', NULL, NULL, NULL, '2026-11-25 18:04:18.457312+00'),
	('233a2e76-109f-457b-a614-91b48787254c', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 9, 'image.published', '{"data": {"job_id": "01a213e0-d03f-7482-858c-ad3ba28cf732", "image_id": "01a213e0-d037-709b-9bdc-bf26125c39ad", "sequence": 15, "error_code": null, "faces_found": 1}, "type": "image.published", "timestamp": "2026-11-25T18:04:20.957471+00:00"}', 'pending', 0, '2026-11-25 18:04:20.957471+00', NULL, NULL, NULL, '2026-11-25 18:04:20.957471+00'),
	('6c79ad27-b2b8-4121-b2d6-c7fadf24d0b7', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 10, 'image.published', '{"data": {"job_id": "01a213e0-d03f-7482-858c-ad3ba28cf732", "image_id": "01a213e0-d03a-7186-bba7-4d565b0ae661", "sequence": 16, "error_code": null, "faces_found": 1}, "type": "image.published", "timestamp": "2026-11-25T18:04:23.885903+00:00"}', 'pending', 0, '2026-11-25 18:04:23.885903+00', NULL, NULL, NULL, '2026-11-25 18:04:23.885903+00'),
	('25e09fe3-7e71-44c6-9c53-b2428027f05e', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 11, 'image.published', '{"data": {"job_id": "01a213e0-d03f-7482-858c-ad3ba28cf732", "image_id": "01a213e0-d03c-766c-9eed-95256f07312b", "sequence": 17, "error_code": null, "faces_found": 1}, "type": "image.published", "timestamp": "2026-11-25T18:04:26.250307+00:00"}', 'pending', 0, '2026-11-25 18:04:26.250307+00', NULL, NULL, NULL, '2026-11-25 18:04:26.250307+00'),
	('03ad75f1-e74f-4257-9bf6-141575faa041', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 12, 'image.published', '{"data": {"job_id": "01a213e1-5db9-72c1-b988-876504f6841a", "image_id": "01a213e1-5db5-765d-bac8-1bed98485781", "sequence": 18, "error_code": null, "faces_found": 1}, "type": "image.published", "timestamp": "2026-11-25T18:04:29.255021+00:00"}', 'pending', 0, '2026-11-25 18:04:29.255021+00', NULL, NULL, NULL, '2026-11-25 18:04:29.255021+00'),
	('aa00ea29-da20-4b85-8793-aef468e6973a', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 13, 'image.published', '{"data": {"job_id": "01a213e1-5db9-72c1-b988-876504f6841a", "image_id": "01a213e1-5db7-734f-90c5-82a2a9f213f9", "sequence": 19, "error_code": null, "faces_found": 1}, "type": "image.published", "timestamp": "2026-11-25T18:04:31.110807+00:00"}', 'pending', 0, '2026-11-25 18:04:31.110807+00', NULL, NULL, NULL, '2026-11-25 18:04:31.110807+00'),
	('19273471-c807-4494-b02a-8b031d558962', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 14, 'job.finished', '{"data": {"job_id": "01a213e1-5db9-72c1-b988-876504f6841a", "image_id": null, "sequence": 20}, "type": "job.finished", "timestamp": "2026-11-25T18:04:31.110807+00:00"}', 'pending', 0, '2026-11-25 18:04:31.110807+00', NULL, NULL, NULL, '2026-11-25 18:04:31.110807+00'),
	('ebc0d763-d0be-4949-a0d8-d68d87066dbb', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 3, 'image.published', '{"data": {"job_id": "01a213e0-d03f-7482-858c-ad3ba28cf732", "image_id": "01a213e0-d03c-766c-9eed-95256f07312b", "sequence": 3, "error_code": null, "faces_found": 1}, "type": "image.published", "timestamp": "2026-11-25T18:04:00.190697+00:00"}', 'pending', 1, '2026-11-25 18:04:36.006478+00', NULL, 'The server of the URL cannot be reached, or breaks off.', '2026-11-25 18:04:31.133193+00', '2026-11-25 18:04:00.190697+00'),
	('9524c700-d494-4005-a86b-905517caddd2', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 15, 'image.published', '{"data": {"job_id": "01a213e1-709d-7344-affa-cbb10668d10d", "image_id": "01a213e1-7095-74c6-93a3-0f5174eaed9b", "sequence": 22, "error_code": null, "faces_found": 1}, "type": "image.published", "timestamp": "2026-11-25T18:04:33.955032+00:00"}', 'pending', 0, '2026-11-25 18:04:33.955032+00', NULL, NULL, NULL, '2026-11-25 18:04:33.955032+00'),
	('cf38fcf9-952f-4d2b-a4fd-ab57c649df42', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 16, 'job.finished', '{"data": {"job_id": "01a213e1-709d-7344-affa-cbb10668d10d", "image_id": null, "sequence": 23}, "type": "job.finished", "timestamp": "2026-11-25T18:04:33.955032+00:00"}', 'pending', 0, '2026-11-25 18:04:33.955032+00', NULL, NULL, NULL, '2026-11-25 18:04:33.955032+00'),
	('1e2b916f-43ec-49b6-b0c1-1cd66fb43e22', '01a213e0-cf42-73a1-ba0f-4b5db9e16605', 17, 'job.finished', '{"data": {"job_id": "01a213e1-7ce6-75c0-ad89-aa8f51f9c153", "image_id": null, "sequence": 26}, "type": "job.finished", "timestamp": "2026-11-25T18:04:34.433336+00:00"}', 'pending', 0, '2026-11-25 18:04:34.433336+00', NULL, NULL, NULL, '2026-11-25 18:04:34.433336+00');
INSERT INTO public.webhooks VALUES
	('01a213e0-cf42-73a1-ba0f-4b5db9e16605', 'ann', NULL, 'https://127.0.0.1:9/hook', '{image.published,job.finished}', 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', NULL, NULL, true, NULL, '2026-11-25 18:03:54.671785+00', 4, '2026-11-25 18:04:31.133193+00', '2026-11-25 18:05:11.133193+00', '2026-11-25 18:03:49.952004+00');
SELECT pg_catalog.setval('public.cohorts_id_seq', 2, true);
SELECT pg_catalog.setval('public.webhook_deliveries_sequence_seq', 17, true);
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_image_id_number_key UNIQUE (image_id, number);
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.changed_days
    ADD CONSTRAINT changed_days_pkey PRIMARY KEY (day);
ALTER TABLE ONLY public.cohorts
    ADD CONSTRAINT cohorts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT decisions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.deleted_images
    ADD CONSTRAINT deleted_images_pkey PRIMARY KEY (deletion_id, image_id);
ALTER TABLE ONLY public.deletions
    ADD CONSTRAINT deletions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.detections
    ADD CONSTRAINT detections_pkey PRIMARY KEY (attempt_id, ordinal);
ALTER TABLE ONLY public.event_heads
    ADD CONSTRAINT event_heads_pkey PRIMARY KEY (owner);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (owner, sequence);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (owner, key);
ALTER TABLE ONLY public.images
    ADD CONSTRAINT images_job_id_position_key UNIQUE (job_id, "position");
ALTER TABLE ONLY public.images
    ADD CONSTRAINT images_original_key_key UNIQUE (original_key);
ALTER TABLE ONLY public.images
    ADD CONSTRAINT images_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (batch_id);
ALTER TABLE ONLY public.presets
    ADD CONSTRAINT presets_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.review_claims
    ADD CONSTRAINT review_claims_pkey PRIMARY KEY (image_id);
ALTER TABLE ONLY public.tallies
    ADD CONSTRAINT tallies_pkey PRIMARY KEY (clock, hour, cohort_id, profile, state, error_code, model_name, model_sha256);
ALTER TABLE ONLY public.usage
    ADD CONSTRAINT usage_pkey PRIMARY KEY (owner, day);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.verdicts
    ADD CONSTRAINT verdicts_pkey PRIMARY KEY (decision_id);
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT webhooks_pkey PRIMARY KEY (id);
CREATE INDEX attempts_fruitless ON public.attempts USING btree (finished_at) INCLUDE (outcome, error_code) WHERE (outcome = ANY (ARRAY['retried'::text, 'given_up'::text]));
CREATE INDEX attempts_of_batch ON public.attempts USING btree (batch_id);
CREATE INDEX attempts_waiting ON public.attempts USING btree (batch_id) WHERE ((outcome IS NULL) AND (started_at IS NULL));
CREATE INDEX batches_of_job ON public.batches USING btree (job_id);
CREATE INDEX batches_of_rerun ON public.batches USING btree (rerun_id) WHERE (rerun_id IS NOT NULL);
CREATE INDEX cohorts_by_label ON public.cohorts USING gin (labels jsonb_path_ops);
CREATE UNIQUE INDEX cohorts_of_owner ON public.cohorts USING btree (owner, md5((labels)::text));
CREATE INDEX decisions_by_time ON public.decisions USING btree (created_at);
CREATE INDEX decisions_of_image ON public.decisions USING btree (image_id, created_at);
CREATE INDEX deleted_images_by_key ON public.deleted_images USING btree (original_key);
CREATE INDEX deleted_images_by_time ON public.deleted_images USING btree (not_before);
CREATE INDEX events_by_age ON public.events USING btree (created_at);
CREATE INDEX idempotency_keys_by_age ON public.idempotency_keys USING btree (created_at);
CREATE INDEX images_by_state ON public.images USING btree (state, id);
CREATE INDEX images_by_time ON public.images USING btree (created_at, id);
CREATE INDEX images_failed ON public.images USING btree (error_code) WHERE (state = 'failed'::text);
CREATE INDEX images_for_statistics ON public.images USING btree (created_at) INCLUDE (job_id, state, error_code, faces, processing_ms);
CREATE INDEX images_of_job_by_state ON public.images USING btree (job_id, state);
CREATE INDEX images_open ON public.images USING btree (job_id) WHERE (state = ANY (ARRAY['queued'::text, 'processing'::text]));
CREATE INDEX images_to_review ON public.images USING btree (COALESCE(doubt, (2)::real) DESC, id DESC) WHERE (state = 'needs_review'::text);
CREATE INDEX images_underway ON public.images USING btree (open_attempt_id) WHERE (open_attempt_id IS NOT NULL);
CREATE INDEX jobs_by_label ON public.jobs USING gin (labels jsonb_path_ops);
CREATE INDEX jobs_by_owner ON public.jobs USING btree (owner, id);
CREATE INDEX jobs_of_cohort ON public.jobs USING btree (cohort_id);
CREATE INDEX looks_of_image ON public.looks USING btree (image_id, looked_at);
CREATE INDEX outbox_by_time ON public.outbox USING btree (not_before);
CREATE INDEX review_claims_of_reviewer ON public.review_claims USING btree (reviewer);
CREATE INDEX verdicts_by_hour ON public.verdicts USING btree (hour);
CREATE INDEX verdicts_of_attempt ON public.verdicts USING btree (attempt_id);
CREATE INDEX webhook_deliveries_by_age ON public.webhook_deliveries USING btree (created_at);
CREATE INDEX webhook_deliveries_due ON public.webhook_deliveries USING btree (webhook_id, not_before, sequence) WHERE (state = 'pending'::text);
CREATE INDEX webhook_deliveries_log ON public.webhook_deliveries USING btree (webhook_id, sequence);
CREATE INDEX webhooks_by_owner ON public.webhooks USING btree (owner, id);
CREATE INDEX webhooks_of_job ON public.webhooks USING btree (job_id) WHERE (job_id IS NOT NULL);
CREATE TRIGGER decision_judged AFTER INSERT ON public.decisions FOR EACH ROW EXECUTE FUNCTION public.judge();
CREATE TRIGGER detections_added AFTER INSERT ON public.detections REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.note_detections();
CREATE TRIGGER event_added AFTER INSERT ON public.events FOR EACH ROW EXECUTE FUNCTION public.spread_event();
CREATE TRIGGER events_removed AFTER DELETE ON public.events REFERENCING OLD TABLE AS removed_events FOR EACH STATEMENT EXECUTE FUNCTION public.remember_removed_events();
CREATE TRIGGER image_progresses BEFORE UPDATE OF state, result_attempt_id ON public.images FOR EACH ROW EXECUTE FUNCTION public.note_progress();
CREATE CONSTRAINT TRIGGER image_settled AFTER UPDATE OF state, result_attempt_id ON public.images DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((new.state = ANY (ARRAY['published'::text, 'needs_review'::text, 'failed'::text])) AND ((old.state IS DISTINCT FROM new.state) OR (old.result_attempt_id IS DISTINCT FROM new.result_attempt_id)))) EXECUTE FUNCTION public.tell_of_image();
CREATE TRIGGER images_after_update AFTER UPDATE ON public.images REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_images('1');
CREATE TRIGGER images_before_update AFTER UPDATE ON public.images REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_images('-1');
CREATE TRIGGER images_deleted AFTER DELETE ON public.images REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_images('-1');
CREATE TRIGGER images_inserted AFTER INSERT ON public.images REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_images('1');
CREATE CONSTRAINT TRIGGER job_finished AFTER INSERT ON public.events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.image_id IS NOT NULL)) EXECUTE FUNCTION public.tell_of_job();
CREATE TRIGGER job_joins_cohort BEFORE INSERT ON public.jobs FOR EACH ROW EXECUTE FUNCTION public.join_cohort();
CREATE TRIGGER job_takes_images BEFORE DELETE ON public.jobs FOR EACH ROW EXECUTE FUNCTION public.delete_images_of_job();
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.batches(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_image_id_fkey FOREIGN KEY (image_id) REFERENCES public.images(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.batches
    ADD CONSTRAINT batches_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT decisions_image_id_fkey FOREIGN KEY (image_id) REFERENCES public.images(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deleted_images
    ADD CONSTRAINT deleted_images_deletion_id_fkey FOREIGN KEY (deletion_id) REFERENCES public.deletions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.detections
    ADD CONSTRAINT detections_attempt_id_fkey FOREIGN KEY (attempt_id) REFERENCES public.attempts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.images
    ADD CONSTRAINT images_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_cohort_id_fkey FOREIGN KEY (cohort_id) REFERENCES public.cohorts(id);
ALTER TABLE ONLY public.looks
    ADD CONSTRAINT looks_image_id_fkey FOREIGN KEY (image_id) REFERENCES public.images(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.batches(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.review_claims
    ADD CONSTRAINT review_claims_image_id_fkey FOREIGN KEY (image_id) REFERENCES public.images(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.verdicts
    ADD CONSTRAINT verdicts_decision_id_fkey FOREIGN KEY (decision_id) REFERENCES public.decisions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES public.webhooks(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT webhooks_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON DELETE CASCADE;
