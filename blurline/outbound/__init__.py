"""Guarded requests to URLs from users, and webhook signatures."""
