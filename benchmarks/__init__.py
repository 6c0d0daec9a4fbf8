"""Benchmarks (`blurline bench`), each relative to a baseline of the same run."""
