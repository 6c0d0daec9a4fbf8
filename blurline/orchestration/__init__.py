"""A small client of Prefect's REST API, for the API and the flows."""
