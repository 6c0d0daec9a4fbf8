-- What is held, for whoever counts it and asks how long it has waited, without a look at each image.

CREATE INDEX CONCURRENTLY IF NOT EXISTS images_held ON images (error_code) INCLUDE (finished_at) WHERE state = 'needs_review';
