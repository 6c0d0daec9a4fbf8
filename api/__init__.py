"""The REST API and the WebSocket (FastAPI). No picture code."""
