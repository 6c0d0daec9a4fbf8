"""Composition and policy: the flows that Prefect runs."""
