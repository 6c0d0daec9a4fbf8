-- Review: who is at an image, what was decided, who looked at an original; and attempts whose boxes a person has given.

-- One reviewer at an image at a time, until the lease runs out.
CREATE TABLE review_claims (
    image_id uuid PRIMARY KEY REFERENCES images ON DELETE CASCADE,
    reviewer text NOT NULL,
    until    timestamptz NOT NULL
);
CREATE INDEX review_claims_of_reviewer ON review_claims (reviewer);

-- attempt_id is the attempt whose result was looked at. added and dropped are lists of boxes ({frame, x1, y1, x2, y2,
-- score}, pixels of the upright photograph): faces that were drawn, and detections that were no faces. Boxes that were
-- moved or resized are in both.
CREATE TABLE decisions (
    id         uuid PRIMARY KEY,
    image_id   uuid NOT NULL REFERENCES images ON DELETE CASCADE,
    attempt_id uuid,
    reviewer   text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('approved', 'rejected', 'corrected')),
    added      jsonb NOT NULL DEFAULT '[]',
    dropped    jsonb NOT NULL DEFAULT '[]',
    note       text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX decisions_of_image ON decisions (image_id, created_at);
CREATE INDEX decisions_by_time ON decisions (created_at);

-- Every look at an original, which shows faces.
CREATE TABLE looks (
    image_id  uuid NOT NULL REFERENCES images ON DELETE CASCADE,
    reviewer  text NOT NULL,
    looked_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX looks_of_image ON looks (image_id, looked_at);

-- An attempt with a correction detects nothing: the boxes to destroy and to leave are given, and whether the new result
-- is held once more.
ALTER TABLE attempts ADD COLUMN correction jsonb;
