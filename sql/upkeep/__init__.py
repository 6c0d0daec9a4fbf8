"""Upkeep: consistency, reconciliation, housekeeping, metrics and backups."""
