"""Prefect, as the API and the flows use it: one small client of its REST API."""
