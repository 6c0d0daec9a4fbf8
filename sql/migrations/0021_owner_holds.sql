-- Legal holds on owners, which protect all their jobs, also future ones. A table of its own, because the release before
-- reads every row of holds as one on a job.
CREATE TABLE owner_holds (
    id          uuid PRIMARY KEY,
    owner       text NOT NULL,
    reason      text NOT NULL,
    placed_by   text NOT NULL,
    placed_at   timestamptz NOT NULL DEFAULT now(),
    released_by text,
    released_at timestamptz
);
CREATE UNIQUE INDEX owner_holds_in_force ON owner_holds (owner) WHERE released_at IS NULL;
CREATE INDEX owner_holds_of_owner ON owner_holds (owner, placed_at);

-- The holds in force on an image, or (of_image is null) on a job or any of its images. Like can_expire, it is inlined.
CREATE FUNCTION holds_on(of_job uuid, of_image uuid) RETURNS TABLE (image_id uuid, owner text) LANGUAGE sql STABLE AS $$
    SELECT holds.image_id, NULL::text FROM holds
    WHERE holds.job_id = of_job AND holds.released_at IS NULL
      AND (of_image IS NULL OR holds.image_id IS NULL OR holds.image_id = of_image)
    UNION ALL
    SELECT NULL::uuid, owner_holds.owner FROM jobs JOIN owner_holds ON owner_holds.owner = jobs.owner
    WHERE jobs.id = of_job AND owner_holds.released_at IS NULL
$$;

CREATE OR REPLACE FUNCTION can_expire(
    of_image uuid, of_job uuid, in_state text, open_attempt uuid, submitted_at timestamptz,
    attempt_s double precision, upload_s double precision
) RETURNS SETOF boolean LANGUAGE sql STABLE AS $$
    SELECT true
    WHERE in_state IN ('published', 'failed') AND open_attempt IS NULL
      AND submitted_at < now() - upload_s * interval '1 second'
      AND NOT EXISTS (
          SELECT FROM attempts
          WHERE attempts.image_id = of_image AND started_at > now() - attempt_s * interval '1 second'
            AND (outcome IS NULL OR outcome IN ('retried', 'given_up')))
      AND NOT EXISTS (SELECT FROM review_claims WHERE review_claims.image_id = of_image AND until > now())
      AND NOT EXISTS (SELECT FROM holds_on(of_job, of_image))
$$;
