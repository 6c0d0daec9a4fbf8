"""The container image, the Compose files and their initial secrets (docs/containers.md)."""
