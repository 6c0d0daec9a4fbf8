-- How much a result is to be doubted (0 to 1), and how many candidates of each kind are behind it. An image in
-- needs_review may have a result: it is held until a person approves it, and nobody else can fetch it.

ALTER TABLE images ADD COLUMN doubt real, ADD COLUMN doubt_reasons jsonb;
ALTER TABLE attempts DROP CONSTRAINT attempts_outcome_check, ADD CONSTRAINT attempts_outcome_check
    CHECK (outcome IN ('published', 'held', 'needs_review', 'failed', 'retried', 'given_up'));
