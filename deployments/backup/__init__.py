"""`blurline backup` and `blurline restore`: a whole installation in a folder."""
