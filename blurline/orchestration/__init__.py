"""A small client of Prefect's REST API, for the API, the flows and the doctor."""
