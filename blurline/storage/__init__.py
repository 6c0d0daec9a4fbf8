"""The S3 store: objects, buckets, and the comparison with the database."""
