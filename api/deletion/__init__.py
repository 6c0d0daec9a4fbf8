"""Deletion, retention and legal holds."""
