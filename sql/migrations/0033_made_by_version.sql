-- Statistics by the release that made a result. The indexes and functions for it follow in 0034 and 0035.

-- Null without a result, and on results of older releases, until `note_releases` takes it from the attempt. A re-run by
-- an older release leaves it as it was.
ALTER TABLE images ADD COLUMN made_by_version text;

ALTER TABLE tallies ADD COLUMN made_by_version text NOT NULL DEFAULT '';
ALTER TABLE tally_changes ADD COLUMN made_by_version text NOT NULL DEFAULT '';
CREATE OR REPLACE VIEW current_tallies AS SELECT * FROM tallies UNION ALL SELECT * FROM tally_changes;
