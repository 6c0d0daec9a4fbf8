"""Verbs of the `blurline` command, one a file."""
