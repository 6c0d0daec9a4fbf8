"""Users and identities."""
