"""docs/openapi.json: the OpenAPI document of this release."""

from __future__ import annotations

import json
from tempfile import TemporaryDirectory

from api.app import create_app
from blurline.settings import Settings


def openapi_document() -> str:
    """The document of an API without connections, as JSON with sorted keys."""
    with TemporaryDirectory() as home:
        settings = Settings.of(
            {
                "BLURLINE_HOME": home,
                "BLURLINE_DATABASE_URL": "postgresql://127.0.0.1:9/none",
                "BLURLINE_S3_ENDPOINT": "http://127.0.0.1:9",
                "BLURLINE_S3_ACCESS_KEY": "nobody",
                "BLURLINE_S3_SECRET_KEY": "nobody",
            }
        )
        document = create_app(settings).openapi()
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
