"""The seven tasks, one verb a file."""
