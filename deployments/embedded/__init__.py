"""The embedded stack: every part as a process of one supervisor."""
