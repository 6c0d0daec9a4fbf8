"""Jobs and images on the pages Submit and Jobs."""
