"""The dashboard's server: Streamlit behind the guard, with the routes of the sign-in, of downloads and of tiles.

It imports what the pages need at startup.
"""

from __future__ import annotations

import pandas  # noqa: F401
import streamlit as st
from starlette.middleware import Middleware

import dashboard.jobs.picker
import dashboard.policy.preview
import dashboard.review.board
import dashboard.statistics.sections  # noqa: F401
from blurline.settings import load_settings
from dashboard.access.guard import Guard
from dashboard.access.issuer_errors import IssuerErrors
from dashboard.access.sign_in_routes import ROUTES
from dashboard.download_links import ROUTE
from dashboard.jobs.upload_routes import ROUTES as UPLOAD_ROUTES
from dashboard.viewer.tiles import TILE_ROUTES

_settings = load_settings()
_with_issuer = [Middleware(IssuerErrors)] if _settings.oidc.client_id else []
app = st.App(
    "app.py",
    routes=[ROUTE, *UPLOAD_ROUTES, *TILE_ROUTES, *([] if _settings.oidc.client_id else ROUTES)],
    middleware=[Middleware(Guard, settings=_settings), *_with_issuer],
)
