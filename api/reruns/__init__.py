"""Re-runs of a job and of a backlog."""
