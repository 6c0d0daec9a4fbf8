"""Sign-in and the session of a browser."""
