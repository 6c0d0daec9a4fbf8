"""Connections to PostgreSQL, named statements, sessions and migrations."""
