"""The embedded stack: every part as a child of one supervisor."""
