"""`blurline submit`: pictures of folders to the API and their results back, resumable wherever it is interrupted."""
