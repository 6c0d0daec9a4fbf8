"""The state of the service on the page System."""
