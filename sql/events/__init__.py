"""Events, webhooks and their deliveries."""
