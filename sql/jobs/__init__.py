"""Jobs: submissions, attempts, batches, the outbox, quotas and presets."""
