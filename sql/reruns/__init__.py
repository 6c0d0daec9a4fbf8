"""Re-runs of images that have ended."""
