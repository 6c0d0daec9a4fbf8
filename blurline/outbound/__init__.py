"""Guarded requests to URLs that other people provide, and the signatures of webhooks."""
