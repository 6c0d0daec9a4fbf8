"""The review queue, decisions and previews."""
