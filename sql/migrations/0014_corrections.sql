-- Attempts that render what a person marked, and images whose result lacks it.

-- A re-run that repeats earlier marks is no correction: when it ends without a result, the image is what it was.
CREATE FUNCTION is_correction(of_attempt uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM attempts JOIN batches ON batches.id = attempts.batch_id
        WHERE attempts.id = of_attempt AND attempts.correction IS NOT NULL AND batches.rerun_id IS NULL)
$$;

-- Whether an image in this state lacks marks if its open attempt ends without a result. The caller passes the columns
-- of the row that it locks, so that PostgreSQL evaluates them again when the row has changed.
CREATE FUNCTION lacks_marks(in_state text, open_attempt uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT in_state IN ('published', 'needs_review') AND is_correction(open_attempt)
$$;
