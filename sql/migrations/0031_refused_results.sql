-- Files that failed their check, kept for the reviewers.

-- The places where an attempt's file still shows a face: [{frame, x1, y1, x2, y2, score}, ...].
ALTER TABLE attempts ADD COLUMN findings jsonb;

-- The last attempt whose file failed its check with findings. While it also made the image's result, that result is
-- refused: only reviewers see it, and nothing can publish it.
ALTER TABLE images ADD COLUMN refused_attempt_id uuid;

ALTER TABLE images ADD CONSTRAINT images_refused_check
    CHECK (state <> 'published' OR (refused_attempt_id = result_attempt_id) IS NOT TRUE) NOT VALID;

-- Whether a reviewer has marked a face in a result of an image, which therefore still shows it.
CREATE FUNCTION shows_a_mark(image uuid, attempt uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT added <> '[]' FROM decisions
    WHERE image_id = image AND kind = 'corrected' AND attempt_id IS NOT DISTINCT FROM attempt
    ORDER BY id DESC LIMIT 1
$$;
