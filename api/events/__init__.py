"""Live events and webhooks."""
