"""`blurline submit`: sends pictures to the API, fetches their results, and resumes after any interruption."""
