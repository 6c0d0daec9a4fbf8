"""The verbs of the `blurline` command."""
