"""The dashboard's server: Streamlit with the route for downloads. It imports what the pages need at startup."""

from __future__ import annotations

import pandas  # noqa: F401
import streamlit as st

import dashboard.review.board
import dashboard.statistics.sections  # noqa: F401
from dashboard.download_links import ROUTE

app = st.App("app.py", routes=[ROUTE])
