"""Decisions about detected faces: which to destroy, what a reviewer corrected, how far to trust a result."""
