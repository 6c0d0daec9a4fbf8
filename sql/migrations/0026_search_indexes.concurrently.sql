-- Searching images by a part of the name (`^^` marks its beginning), by doubt within a state, and by a note.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_by_name ON images USING gin (name_trigrams('^^' || name));
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_by_doubt ON images (state, coalesce(doubt, 2) DESC, id DESC);
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_with_notes ON images USING gin (notes jsonb_path_ops) WHERE notes <> '[]';
