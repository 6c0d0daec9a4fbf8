"""Deletion: deleted jobs and images, removal of their objects, retention and legal holds."""
