"""The Streamlit dashboard: one page a file, everything through the API."""
