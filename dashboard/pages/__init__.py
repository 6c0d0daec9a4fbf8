"""The pages, one a file; `app` says who sees which."""
