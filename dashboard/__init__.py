"""The Streamlit dashboard: one file per page. It reads and changes everything through the API."""
