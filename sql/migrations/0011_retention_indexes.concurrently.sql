-- Indexes for retention on tables that were there before.

CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_with_retention ON jobs (id) WHERE retention <> '{}';
CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_by_end ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_by_original ON images (original_key COLLATE "C");
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_with_original ON images (finished_at) INCLUDE (job_id) WHERE original_gone_at IS NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_with_result ON images (finished_at) INCLUDE (job_id)
WHERE result_key IS NOT NULL AND result_gone_at IS NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS images_missing_objects ON images (id) WHERE original_gone_why = 'missing' OR result_gone_why = 'missing';
CREATE INDEX CONCURRENTLY IF NOT EXISTS deletions_by_end ON deletions (completed_at) WHERE completed_at IS NOT NULL;
