-- The few images with objects of other classes, for statistics by class.
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_with_others ON images (created_at) WHERE others_found IS NOT NULL;
