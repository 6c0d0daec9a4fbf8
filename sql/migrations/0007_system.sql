-- The page System: attempts of the last day that came to nothing.

CREATE INDEX attempts_fruitless ON attempts (finished_at) INCLUDE (outcome, error_code)
WHERE outcome IN ('retried', 'given_up');
