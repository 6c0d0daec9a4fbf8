"""The FastAPI front: thin, no picture code."""
