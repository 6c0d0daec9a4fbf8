"""Threads of an API process: the dispatcher, the deleter and the sender of webhooks."""
