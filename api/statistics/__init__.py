"""Statistics, exports and training sets."""
