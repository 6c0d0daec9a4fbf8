"""The review of images: what is on a reviewer's desk, and the board on which they work."""
