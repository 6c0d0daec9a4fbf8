"""The pages, one per file. `app` defines which scopes see which page."""
