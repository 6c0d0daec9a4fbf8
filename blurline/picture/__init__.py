"""Pictures: decoding, destroying faces, encoding, and checking the written file."""
