-- When retention can expire the original or the result of an image: it does not wait for a review, no attempt, upload form
-- or reviewer can still use it, and no legal hold protects it or its job. One row if so, none if not: PostgreSQL inlines
-- such a function into the statement, while one that returns a boolean is called for every row, tens of microseconds each.
--
-- The caller passes columns of the image's row, which it locks with FOR UPDATE. When the row has changed since the
-- snapshot, PostgreSQL evaluates the conditions again with the new columns. A function that was given only the id would
-- read the row itself, both times from the snapshot, and retention would take an image that is being re-run.

CREATE FUNCTION can_expire(
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
$$;
