-- Which original's result has a path at a destination, so that no result replaces that of another original.

ALTER TABLE destination_results ADD COLUMN source text NOT NULL DEFAULT '';

UPDATE destination_results SET source = images.source
FROM images WHERE images.id = destination_results.image_id AND images.source IS NOT NULL;

-- A path stays its original's as long as a result lies there, also when no row of an image is left.
CREATE TABLE destination_paths (
    destination  text NOT NULL,
    written_path text NOT NULL,
    source       text NOT NULL,
    path         text NOT NULL,   -- of the original in its source
    PRIMARY KEY (destination, written_path)
);
CREATE INDEX destination_paths_by_original ON destination_paths (destination, source, path);

INSERT INTO destination_paths (destination, written_path, source, path)
SELECT DISTINCT ON (destination, written_path) destination, written_path, source, path
FROM destination_results WHERE written_path IS NOT NULL
ORDER BY destination, written_path, image_id DESC;
