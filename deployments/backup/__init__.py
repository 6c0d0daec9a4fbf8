"""`blurline backup` and `blurline restore`: a folder from which a whole installation comes back."""
