"""The sections and charts of the page Statistics."""
