"""Re-runs on the page System."""
