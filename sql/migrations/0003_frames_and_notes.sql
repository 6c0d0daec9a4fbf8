-- Pictures of several frames, and what their owner should know of a result.

ALTER TABLE images ADD COLUMN frames integer, ADD COLUMN notes jsonb NOT NULL DEFAULT '[]';
ALTER TABLE detections ADD COLUMN frame integer NOT NULL DEFAULT 0;
