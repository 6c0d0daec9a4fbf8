"""Measurements, each a ratio to a baseline in the same run: `blurline bench`."""
