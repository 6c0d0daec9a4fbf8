"""Imports from buckets of other stores."""
