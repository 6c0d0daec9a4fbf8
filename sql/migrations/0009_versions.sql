-- Which release has ended an attempt, and so made its result. Null of attempts under way, and of those that 0.1.0 has ended.

ALTER TABLE attempts ADD COLUMN blurline_version text;
