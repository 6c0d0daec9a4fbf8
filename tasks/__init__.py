"""The seven tasks, one per file."""
