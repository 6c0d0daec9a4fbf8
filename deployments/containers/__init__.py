"""The image, the composition of containers, and the secrets that it starts with (docs/containers.md)."""
