"""How Blurline is run: the warm worker, the deployments, the embedded stack."""
