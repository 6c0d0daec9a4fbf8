-- Legal holds on owners, which protect all their jobs, also future ones. Such a hold has an owner instead of a job.

ALTER TABLE holds ALTER COLUMN job_id DROP NOT NULL, ADD COLUMN owner text;

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
      AND NOT EXISTS (
          SELECT FROM holds
          WHERE holds.job_id = of_job AND released_at IS NULL AND (holds.image_id IS NULL OR holds.image_id = of_image))
      AND NOT EXISTS (
          SELECT FROM holds JOIN jobs ON jobs.owner = holds.owner WHERE jobs.id = of_job AND released_at IS NULL)
$$;
