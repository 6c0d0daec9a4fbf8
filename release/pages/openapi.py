"""docs/openapi.json: the OpenAPI document of this release."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from api.app import create_app
from blurline.settings import Settings


def openapi_document() -> str:
    """The document of an API that connects to nothing, as JSON with sorted keys."""
    nowhere, nobody = "http://127.0.0.1:9", SecretStr("nobody")
    with TemporaryDirectory() as home:
        settings = Settings(
            home=Path(home),
            database_url=SecretStr("postgresql://127.0.0.1:9/none"),
            s3_endpoint=nowhere,
            s3_access_key=nobody,
            s3_secret_key=nobody,
        )
        document = create_app(settings).openapi()
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
