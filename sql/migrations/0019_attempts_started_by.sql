-- Which process started an attempt, as it names itself to PostgreSQL. While its session lives, it can still settle it.

ALTER TABLE attempts ADD COLUMN started_by text;
