"""Connections from clients: deadlines and a limit on their number, for the API and the dashboard."""
